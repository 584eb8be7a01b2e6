/**
 * The broker cannot do what it was asked. A call of a command is answered with
 * the message, an HTTP request with 503: Nest answers by itself for a thrown
 * error of this shape.
 */
abstract class BrokerFailure extends Error {
  readonly status = 503;
  readonly statusCode = 503;
  readonly expose = true;

  constructor(
    readonly code: string,
    message: string,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * What a broker throws when it cannot be reached, and **nothing was done**: to try
 * again does no harm. Callers are answered with `Unavailable`.
 *
 * @example
 * throw new BrokerUnavailable({ cause: error });
 */
export class BrokerUnavailable extends BrokerFailure {
  /** @param options.cause What happened: for the log alone, callers do not see it. */
  constructor(options: ErrorOptions = {}) {
    super('BROKER_UNAVAILABLE', 'Unavailable', options);
    this.name = 'BrokerUnavailable';
  }
}

/**
 * What a broker throws when the answer to a call was lost: it was **perhaps done**.
 * Try again only what may be done twice. Callers are answered with `Outcome unknown`.
 */
export class BrokerUncertain extends BrokerFailure {
  /** @param options.cause See {@link BrokerUnavailable}. */
  constructor(options: ErrorOptions = {}) {
    super('BROKER_UNCERTAIN', 'Outcome unknown', options);
    this.name = 'BrokerUncertain';
  }
}
