// What connectors tell apart, by itself: a browser then carries no whole table.

/** `params` is no object, or does not fit what the command declares. */
export const INVALID_PARAMS = 'Invalid params';
/** The `code` of {@link InvalidParamsValue}. */
export const INVALID_PARAMS_CODE = 'invalid_params';

/**
 * What a service may say in place of `Invalid params`, so that a form can show
 * it: what is wrong with which of the values that were sent.
 */
export interface InvalidParamsValue {
  readonly code: typeof INVALID_PARAMS_CODE;
  /**
   * What validators say, by the path of the value: `address.street`,
   * `items.0.name`; empty for the params as a whole.
   */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** There is none of that token, or not for this client. */
export const NO_SUCH_SUBSCRIPTION = 'No such subscription';
/** One more subscription than a connection may have. */
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
  /** The command failed in a way that is not the caller's business. */
  internalError: 'Internal error',
  /** What the servers share cannot be reached: nothing was done. Try again later. */
  unavailable: 'Unavailable',
  /** The answer of what they share was lost: it was perhaps done. */
  outcomeUnknown: 'Outcome unknown',
  /** A command signalled an RPC error without saying which. */
  exception: 'Exception',
  /** The command keeps state for a connection, and there is none (HTTP). */
  connectionRequired: 'Connection required',
  /** A policy hook did not allow it. */
  notAuthorized: 'Not authorized',
  alreadySubscribed: ALREADY_SUBSCRIBED,
  notSubscribed: 'Not subscribed',
  /** `items` of an authorization. */
  itemsNotAList: 'items should be a list',
  itemNotAnObject: 'An item should be an object',
  missingDealer: "Missing field 'dealer'",
  dealerNotAName: 'dealer should be a dealer name',
  noSuchDealer: 'No such dealer',
  missingQuery: "Missing field 'query'",
  tooManyItems: 'Too many items',
  /** More tokens wait for their clients than the server keeps. Try later. */
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
  /** The log no longer reaches back to where the subscription begins. */
  subscriptionExpired: 'Subscription expired',
} as const;
