import type { OutgoingHttpHeaders } from 'node:http';

/** Thrown to refuse somebody who wants to connect. */
export class UpgradeRefused extends Error {
  readonly status: number;
  /** @internal A label of the counter. */
  readonly reason: string;

  /**
   * @param status The HTTP status, from 400 to 599; 500 where an application's
   *   exception has another, or none.
   * @param message Goes to the client.
   * @param headers Go to the client too.
   * @param reason A label of the counter, where the status does not say enough.
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

/** The refusal of everybody who comes during shutdown. */
export function shuttingDown(): UpgradeRefused {
  return new UpgradeRefused(503, 'The server is shutting down', {}, 'shutdown');
}
