import { serialize, type SerializeOptions } from 'cookie';
import { ServerResponse, type IncomingMessage } from 'node:http';

/**
 * The response that guards, middleware and filters of a connection get. It has
 * no socket. Its headers become those of a refusal. Ending it refuses the
 * upgrade with its status.
 */
export class UpgradeResponse extends ServerResponse {
  /** The body that it was ended with. */
  body: unknown;
  ended = false;
  private readonly whenEnded: () => void;

  /** @param whenEnded Called when somebody answers instead of going on. */
  constructor(request: IncomingMessage, whenEnded: () => void) {
    super(request);
    this.whenEnded = whenEnded;
  }

  /** `setHeader` under the name that Express and Fastify have. */
  header(name: string, value: string | number | readonly string[]): this {
    return this.setHeader(name, value);
  }

  /** `setHeader` under another name of Express. */
  set(name: string, value: string | number | readonly string[]): this {
    return this.header(name, value);
  }

  /** Adds a `Set-Cookie` to the refusal. */
  cookie(name: string, value: string, options: SerializeOptions = {}): this {
    return this.appendHeader('Set-Cookie', serialize(name, value, options));
  }

  status(code: number): this {
    this.statusCode = code;
    return this;
  }

  /** Sets the status, under Fastify's name. */
  code(code: number): this {
    return this.status(code);
  }

  json(body: unknown): this {
    return this.finish(body);
  }

  send(body?: unknown): this {
    return this.finish(body);
  }

  redirect(): this {
    return this.status(403).finish('Redirects do not apply to a connection');
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    this.statusCode = status;
    const headers = rest.at(-1);
    if (
      typeof headers === 'object' &&
      headers !== null &&
      !Array.isArray(headers)
    ) {
      for (const [name, value] of Object.entries(headers)) {
        this.setHeader(name, value as string);
      }
    }
    return this;
  }

  override end(body?: unknown): this {
    return this.finish(body);
  }

  private finish(body: unknown): this {
    if (this.ended) return this;
    this.ended = true;
    this.body = body;
    this.whenEnded();
    return this;
  }
}

/** The sentence in a body that was made for HTTP. */
export function messageOf(body: unknown, fallback: string): string {
  if (typeof body === 'string' && body !== '') return body;
  if (typeof body === 'object' && body !== null && 'message' in body) {
    const { message } = body;
    if (typeof message === 'string') return message;
  }
  return fallback;
}
