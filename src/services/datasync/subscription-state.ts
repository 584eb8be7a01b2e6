/** Where a subscription is in its life. */
export type SubscriptionState =
  /** Its token was given out and nobody has come with it. */
  | 'authorized'
  /** A client came; what it missed is being sent. */
  | 'replaying'
  /** Changes are sent as they happen. */
  | 'live'
  /** Its client has gone, and may come back with the token. */
  | 'grace'
  /** The token means nothing any more. */
  | 'gone';

/** What can happen to a subscription. */
export type SubscriptionEvent =
  /** A client comes with the token, without `resume`. */
  | 'acquire'
  /** A client comes with the token and `resume`, also where another has it. */
  | 'takeOver'
  /** All that was missed has been sent. */
  | 'caughtUp'
  /** The log no longer reaches back to where the client was. */
  | 'uncovered'
  /** Its client cancels it. */
  | 'cancel'
  /** Its client's connection ends. */
  | 'disconnect'
  /** The token's time runs out. */
  | 'expire';

/** Undefined: the event is refused there, or cannot happen. */
type Transitions = Readonly<
  Record<
    SubscriptionState,
    Readonly<Record<SubscriptionEvent, SubscriptionState | undefined>>
  >
>;

const NEVER = undefined;

const GONE: Transitions['gone'] = {
  acquire: NEVER,
  takeOver: NEVER,
  caughtUp: NEVER,
  uncovered: NEVER,
  cancel: NEVER,
  disconnect: NEVER,
  expire: NEVER,
};

const AUTHORIZED: Transitions['authorized'] = {
  ...GONE,
  acquire: 'replaying',
  takeOver: 'replaying',
  uncovered: 'gone',
  expire: 'gone',
};

/** As the original: one acquisition, gone with its client. */
const ONCE: Transitions = {
  authorized: { ...AUTHORIZED, takeOver: NEVER },
  replaying: {
    ...GONE,
    caughtUp: 'live',
    uncovered: 'gone',
    cancel: 'gone',
    disconnect: 'gone',
  },
  live: { ...GONE, cancel: 'gone', disconnect: 'gone' },
  grace: GONE,
  gone: GONE,
};

/** With `resume`: the bearer of the token may come back, from anywhere. */
const RESUMABLE: Transitions = {
  authorized: AUTHORIZED,
  replaying: {
    ...GONE,
    takeOver: 'replaying',
    caughtUp: 'live',
    uncovered: 'gone',
    cancel: 'gone',
    disconnect: 'grace',
  },
  live: {
    ...GONE,
    takeOver: 'replaying',
    cancel: 'gone',
    disconnect: 'grace',
  },
  grace: { ...AUTHORIZED },
  gone: GONE,
};

/** Both tables, whole: the compiler refuses one with a hole. */
export const SUBSCRIPTION_STATES: Readonly<
  Record<'once' | 'resumable', Transitions>
> = { once: ONCE, resumable: RESUMABLE };
