import {
  STATUS_CODES,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { ServiceRegistry } from '../../core/registry/service-registry.js';
import {
  decodeEnvelope,
  MessageFault,
  type IncomingEnvelope,
} from '../../protocol/envelope.js';
import { LONGEST_TIMER } from '../../protocol/longest-timer.js';
import { peerOf, type VisitorOf } from '../../core/admission/visitor.js';
import { excerpt } from '../../core/log/log-line.js';
import { pathOf } from '../request-target.js';
import { BackendKeys } from './backend-keys.js';
import { HttpClient, type HttpOutcome } from './http-client.js';
import { refuseTooLarge, sendJson } from './json-answer.js';
import { readBody, type BodyFault } from './read-body.js';

/** How an HTTP backend behaves. */
export interface BackendOptions {
  /**
   * The secret that callers send as `X-Backend-Key`; a list while it is being
   * replaced.
   */
  readonly key: string | readonly string[];
  /**
   * Milliseconds after which a call that has not resolved is answered 504.
   * @default 30_000
   */
  readonly timeout?: number;
  /**
   * Bytes of the largest body taken. A larger one is answered with 413.
   * @default 10_485_760
   */
  readonly maxBody?: number;
}

/** The defaults of {@link BackendOptions}. */
export const BACKEND_DEFAULTS = {
  timeout: 30_000,
  maxBody: 10 * 1024 * 1024,
} as const;

const BODY_FAULTS: Record<
  Exclude<BodyFault, 'tooLarge'>,
  readonly [status: number, text: string]
> = {
  notUtf8: [400, 'The body is not UTF-8'],
  aborted: [400, 'The body ended early'],
};

/**
 * The HTTP side of a registry, for trusted servers: one POST, one message, one
 * response. A plain Node request handler, so that it behaves the same on a
 * server of its own and in front of any framework.
 */
export class BackendHandler {
  private readonly keys: BackendKeys;
  private readonly timeout: number;
  private readonly maxBody: number;
  private readonly open = new Set<ServerResponse>();
  private draining = false;

  /**
   * @param path Requests to exactly this path are answered; a query string is
   *   allowed.
   * @param visitorOf Who is behind the proxy, if one is trusted.
   * @throws TypeError when there is no usable key, or a limit is no number.
   */
  constructor(
    private readonly registry: ServiceRegistry,
    private readonly path: string,
    options: BackendOptions,
    private readonly visitorOf: VisitorOf = peerOf,
  ) {
    this.keys = new BackendKeys(options.key);
    const {
      timeout = BACKEND_DEFAULTS.timeout,
      maxBody = BACKEND_DEFAULTS.maxBody,
    } = options;
    for (const [name, value] of Object.entries({ timeout, maxBody })) {
      if (typeof value !== 'number' || !(value >= 1)) {
        throw new TypeError(
          `The HTTP option "${name}" must be a number from 1 up, not ${String(value)}.`,
        );
      }
    }
    this.timeout = Math.min(timeout, LONGEST_TIMER);
    this.maxBody = maxBody;
  }

  /** Answers any request. The protocol prescribes the order of the checks. */
  readonly handle = (
    request: IncomingMessage,
    response: ServerResponse,
  ): void => {
    this.open.add(response);
    if (this.draining) response.shouldKeepAlive = false;
    response.once('close', () => this.open.delete(response));
    response.on('error', ignore);
    if (!this.owns(request)) {
      this.refuse(response, 404);
    } else if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      this.refuse(response, 405);
    } else if (!this.keys.accept(request.headers['x-backend-key'])) {
      this.refuseKey(request, response);
    } else {
      void this.exchange(request, response);
    }
  };

  /** Whether a request is for this handler. */
  owns(request: IncomingMessage): boolean {
    return pathOf(targetOf(request)) === this.path;
  }

  /**
   * Makes responses end their connections from now on, so that the server can
   * close.
   */
  endKeepAlive(): void {
    this.draining = true;
    for (const response of this.open) response.shouldKeepAlive = false;
  }

  /** Resolves when no response is open, after `limit` milliseconds at most. */
  async idle(limit: number): Promise<void> {
    const open = [...this.open].map(
      (response) =>
        new Promise<void>((resolve) => response.once('close', resolve)),
    );
    if (open.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.all(open),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, limit))),
    ]);
    clearTimeout(timer);
  }

  /**
   * Refuses the requests that are still open: the server no longer waits for
   * them.
   */
  abandon(): void {
    for (const response of this.open) {
      if (response.headersSent) response.destroy();
      else this.refuse(response, 503, 'The server is shutting down');
    }
  }

  /** Never shows the key: it may be the right one, but for a typing error. */
  private refuseKey(request: IncomingMessage, response: ServerResponse): void {
    const { counters, log, name } = this.registry;
    const fault =
      request.headers['x-backend-key'] === undefined ? 'missing' : 'wrong';
    counters.add('backendKeys', { reason: fault });
    log.warn('backend-key', () => {
      const from = excerpt(this.visitorOf(request).ip);
      return `Refused a request to the backend of registry "${name}" from ${from}: its key is ${fault}`;
    });
    this.refuse(response, 401, 'The backend key is missing or wrong');
  }

  private async exchange(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await readBody(request, this.maxBody);
    if (typeof body === 'string') {
      if (body === 'tooLarge') refuseTooLarge(request, response);
      else this.refuse(response, ...BODY_FAULTS[body]);
      return;
    }
    const envelope = decodeEnvelope(body.text);
    if (typeof envelope === 'string') {
      this.registry.counters.add('discarded', { reason: envelope });
      this.refuseFault(response, envelope);
    } else {
      this.process(request, response, envelope, body.text.length);
    }
  }

  private process(
    request: IncomingMessage,
    response: ServerResponse,
    envelope: IncomingEnvelope,
    size: number,
  ): void {
    const service = this.registry.receiver(envelope.service);
    if (service === undefined) {
      this.registry.counters.add('discarded', { reason: 'unknownService' });
      this.refuseFault(response, 'unknownService');
      return;
    }
    const finish = (outcome: HttpOutcome): void => {
      clearTimeout(timer);
      if ('fault' in outcome) this.refuseFault(response, outcome.fault);
      else {
        const status = outcome.kind === 'answer' ? 200 : 503;
        sendJson(response, status, outcome.text.replaceAll('</', '<\\/'));
      }
    };
    const client = new HttpClient(
      request,
      this.visitorOf(request).ip,
      service.$resolvesCalls,
      finish,
      () => {
        this.registry.log.warn(`http:${service.name}`, () => {
          return `Dropped a message of service "${service.name}" to an HTTP client: it is answered once`;
        });
      },
    );
    const timer = setTimeout(() => {
      client.release();
      this.refuse(response, 504, 'The command did not resolve in time');
    }, this.timeout);
    response.once('close', () => {
      clearTimeout(timer);
      client.release();
    });
    this.registry.counters.add('received');
    this.registry.process(client, envelope, size);
  }

  private refuseFault(response: ServerResponse, fault: MessageFault): void {
    const { status, text } = MessageFault[fault];
    this.refuse(response, status, text);
  }

  private refuse(
    response: ServerResponse,
    status: number,
    message: string = STATUS_CODES[status] ?? 'Error',
  ): void {
    sendJson(response, status, JSON.stringify({ statusCode: status, message }));
  }
}

/**
 * A framework in front of the handler may have cut its own prefix off `url`.
 */
function targetOf(request: IncomingMessage & { originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '/';
}

function ignore(): void {}
