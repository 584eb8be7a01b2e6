/**
 * The name of the registry's own service. No service of an application can have
 * it.
 */
export const RESERVED_SERVICE = 'snorky';

/** The command with which a connection asks for features, as its first message. */
export const HELLO = 'hello';

/**
 * The features that a connection may ask for, by name, each with its bit in
 * what a connection was granted. Messages that belong to a feature go only to
 * connections that asked for it.
 */
export const FEATURE_BITS = {
  /** Calls that would be discarded are answered with an error. */
  errors: 1,
  /** A connection is told when another one takes its subscription over. */
  taken: 2,
  /** A connection is told when its subscription is revoked. */
  revoked: 4,
  /**
   * A connection that has to fetch its rows again is told, instead of being
   * closed.
   */
  refetch: 8,
  /** A connection is told when a change of identity ends its subscriptions. */
  identity: 16,
  /** A connection is told when it has missed messages. */
  gap: 32,
  /** A subscription can continue in the place of an earlier one. */
  replaces: 64,
} as const;

/** The name of a feature. */
export type Feature = keyof typeof FEATURE_BITS;

/** The bounds of a `hello`. Beyond them it is answered `Invalid params`. */
export const HELLO_LIMITS = {
  /** The number of names in `features`. */
  features: 32,
  /** Bytes of one name. */
  featureBytes: 32,
  /** Bytes of `client`. */
  clientBytes: 128,
} as const;

/** The parameters of a client's first message. */
export interface HelloParams {
  /**
   * The features that the client understands. Names that the server does not
   * know are ignored.
   */
  readonly features: readonly string[];
  /** The name and version of the client, for the server's log. */
  readonly client?: string;
}

/** The server's answer to `hello`. */
export interface HelloResult {
  /** The features that were asked for and that the server has. */
  readonly features: readonly string[];
}
