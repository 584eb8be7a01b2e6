/** What is known of a counter. */
export interface CounterDescription {
  /** A `gauge` can fall; a `counter` only grows. */
  readonly kind: 'counter' | 'gauge';
  /** A sentence for people, and for the help text of a metrics page. */
  readonly is: string;
  /** The labels by which its sum is divided. */
  readonly labels: readonly ('service' | 'reason')[];
}

/**
 * All counters of a registry. A new one is a row here, a row in the table of
 * the documentation, and a call of `counters.add` where it happens.
 */
export const COUNTERS = {
  connections: {
    kind: 'gauge',
    is: 'Clients connected now',
    labels: [],
  },
  subscriptions: {
    kind: 'gauge',
    is: 'DataSync: subscriptions that clients of this node hold now',
    labels: ['service'],
  },
  accepted: {
    kind: 'counter',
    is: 'Connections accepted',
    labels: [],
  },
  refused: {
    kind: 'counter',
    is: 'Upgrades refused: `origin`, `full`, `shutdown`, or the status',
    labels: ['reason'],
  },
  received: {
    kind: 'counter',
    is: 'Messages taken from clients',
    labels: [],
  },
  discarded: {
    kind: 'counter',
    is: 'Messages discarded as malformed or for an unknown service',
    labels: ['reason'],
  },
  failures: {
    kind: 'counter',
    is: 'Commands, hooks and services that failed unexpectedly',
    labels: ['service', 'reason'],
  },
  backendKeys: {
    kind: 'counter',
    is: 'Requests to the backend whose key was `missing` or `wrong`',
    labels: ['reason'],
  },
  overLimit: {
    kind: 'counter',
    is: 'Requests refused by a limit of a service: `subscriptions`, `channel`',
    labels: ['service', 'reason'],
  },
  closedSlow: {
    kind: 'counter',
    is: 'Connections closed because their client read too slowly',
    labels: [],
  },
  closedNoPong: {
    kind: 'counter',
    is: 'Connections closed because a ping was not answered',
    labels: [],
  },
  closedStalled: {
    kind: 'counter',
    is: 'Connections closed because requests stayed unanswered for too long',
    labels: [],
  },
  closedExpired: {
    kind: 'counter',
    is: "Connections closed because the client's identity expired",
    labels: [],
  },
  eventsLost: {
    kind: 'counter',
    is: 'Events of the registry that a webhook could not deliver',
    labels: [],
  },
  gaps: {
    kind: 'counter',
    is: 'Times that the broker lost what a service listens to; of PubSub one for each channel',
    labels: ['service'],
  },
  evicted: {
    kind: 'counter',
    is: 'DataSync: tokens whose part of the log went before anybody came with them',
    labels: ['service'],
  },
  mismatched: {
    kind: 'counter',
    is: 'DataSync: tokens that somebody came with for whom they are not',
    labels: ['service'],
  },
  badDeltas: {
    kind: 'counter',
    is: 'DataSync: changes of rows that no page can apply, or JSON cannot express',
    labels: ['service', 'reason'],
  },
} as const satisfies Readonly<Record<string, CounterDescription>>;

export type CounterName = keyof typeof COUNTERS;

/** The labels of one counter. */
export type LabelsOf<Name extends CounterName> = Readonly<
  Partial<Record<(typeof COUNTERS)[Name]['labels'][number], string>>
>;
