/** The service that the registry itself is. No application can have it. */
export const RESERVED_SERVICE = 'snorky';

/** The command with which a connection asks for features, as its first message. */
export const HELLO = 'hello';

/**
 * What a connection may ask for, by name, and its bit in what it was granted.
 * Nothing of it appears on the wire towards a connection that did not ask.
 */
export const FEATURE_BITS = {
  /** Calls that would be discarded are answered with an error. */
  errors: 1,
  /** A connection is told when another one takes its subscription over. */
  taken: 2,
  /** A connection is told when its subscription is revoked. */
  revoked: 4,
  /** A connection that has to fetch again is told, instead of being closed. */
  refetch: 8,
  /** A connection is told when a change of identity ends its subscriptions. */
  identity: 16,
  /** A connection is told when it has missed messages. */
  gap: 32,
  /** A subscription goes on at the place of another one. */
  replaces: 64,
} as const;

/** The name of something that a connection may ask for. */
export type Feature = keyof typeof FEATURE_BITS;

/** How much a `hello` may say. Beyond, it is answered `Invalid params`. */
export const HELLO_LIMITS = {
  /** Names in `features`. */
  features: 32,
  /** Bytes of one of them. */
  featureBytes: 32,
  /** Bytes of `client`. */
  clientBytes: 128,
} as const;

/** What a client says first. */
export interface HelloParams {
  /** What it understands. Names that the server does not know are ignored. */
  readonly features: readonly string[];
  /** What it is, for the server's log. */
  readonly client?: string;
}

/** What the server answers. */
export interface HelloResult {
  /** What it has of the features that were asked for. */
  readonly features: readonly string[];
}
