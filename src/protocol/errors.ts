// Texts that connectors compare. Each is a constant of its own, so that the
// file for browsers does not carry the whole table.

/** `params` is no object, or does not fit what the command declares. */
export const INVALID_PARAMS = 'Invalid params';
/** The `code` of {@link InvalidParamsValue}. */
export const INVALID_PARAMS_CODE = 'invalid_params';

/**
 * A service may send this in place of `Invalid params`, so that a form can show
 * which of the values that were sent are wrong, and why.
 */
export interface InvalidParamsValue {
  readonly code: typeof INVALID_PARAMS_CODE;
  /**
   * The sentences of validators, by the path of the value: `address.street`,
   * `items.0.name`; empty for the params as a whole.
   */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** There is no subscription with that token, or it is not for this client. */
export const NO_SUCH_SUBSCRIPTION = 'No such subscription';
/** A connection has as many subscriptions as it may have. */
export const TOO_MANY_SUBSCRIPTIONS = 'Too many subscriptions';

/** The client is subscribed to the channel. */
export const ALREADY_SUBSCRIBED = 'Already subscribed';

/**
 * Every error text that the bundled parts put on the wire. The texts are part
 * of the protocol: clients compare them, so they never change.
 */
export const WireError = {
  /** The registry has no service of that name. Only with the feature `errors`. */
  noSuchService: 'No such service',
  /** The service has no command of that name. */
  unknownCommand: 'Unknown command',
  /** `params` is no object, or does not fit what the command declares. */
  invalidParams: INVALID_PARAMS,
  /** The command failed for a reason that the caller must not learn. */
  internalError: 'Internal error',
  /** The broker cannot be reached: nothing was done. Try again later. */
  unavailable: 'Unavailable',
  /** The broker's answer was lost: the command was perhaps carried out. */
  outcomeUnknown: 'Outcome unknown',
  /** A command threw an RpcError without a value. */
  exception: 'Exception',
  /** The command keeps state for a connection, and there is none (HTTP). */
  connectionRequired: 'Connection required',
  /** A policy hook of the service refused it. */
  notAuthorized: 'Not authorized',
  alreadySubscribed: ALREADY_SUBSCRIBED,
  notSubscribed: 'Not subscribed',
  /** The name of a channel has more bytes than the server takes from clients. */
  channelTooLong: 'Channel too long',
  /** `items` of an authorization. */
  itemsNotAList: 'items should be a list',
  itemNotAnObject: 'An item should be an object',
  missingDealer: "Missing field 'dealer'",
  dealerNotAName: 'dealer should be a dealer name',
  noSuchDealer: 'No such dealer',
  missingQuery: "Missing field 'query'",
  tooManyItems: 'Too many items',
  /**
   * More tokens wait for their clients than the server keeps. Try again later.
   */
  tooManyTokens: 'Too many tokens',
  /** `deltas` of a publication. */
  deltasNotAList: 'deltas should be a list',
  deltaNotAnObject: 'A delta should be an object',
  missingField: 'Missing field',
  modelNotAString: 'model must be string',
  invalidDeltaType: 'Invalid delta type',
  /** `models` of an invalidation. */
  modelsNotAList: 'models should be a list of model names',
  /** Tokens of subscriptions. */
  tokenNotAString: 'token must be string',
  noSuchSubscription: NO_SUCH_SUBSCRIPTION,
  tooManySubscriptions: TOO_MANY_SUBSCRIPTIONS,
  /**
   * The log no longer reaches back to the position where the subscription
   * begins.
   */
  subscriptionExpired: 'Subscription expired',
} as const;
