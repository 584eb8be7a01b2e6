import type { OutgoingHttpHeaders } from 'node:http';

/** Thrown by whoever decides about who may connect, to refuse somebody. */
export class UpgradeRefused extends Error {
  readonly status: number;
  /** @internal A label of the counter. */
  readonly reason: string;

  /**
   * @param status The HTTP status, from 400 to 599; 500 where an application's
   *   exception has another, or none.
   * @param message Goes to the client.
   * @param headers Go to the client too.
   * @param reason Where the status does not say it all. It is counted by it.
   */
  constructor(
    status: number,
    message: string,
    readonly headers: OutgoingHttpHeaders = {},
    reason?: 'origin' | 'full' | 'shutdown',
  ) {
    super(message);
    this.name = 'UpgradeRefused';
    const known = Number.isInteger(status) && status >= 400 && status <= 599;
    this.status = known ? status : 500;
    this.reason = reason ?? String(this.status);
  }
}

/** The body of a refusal. */
export function bodyOf({ status, message }: UpgradeRefused): string {
  return JSON.stringify({ statusCode: status, message });
}

/** Why nobody gets in any more. */
export function shuttingDown(): UpgradeRefused {
  return new UpgradeRefused(503, 'The server is shutting down', {}, 'shutdown');
}
