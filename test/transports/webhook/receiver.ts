import { EventEmitter, once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A post as it has arrived. */
export interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: {
    readonly node: string;
    readonly lost?: number;
    readonly events: readonly { readonly n: number }[];
  };
}

export type Answer = (response: ServerResponse, nth: number) => void;

/** A server that events are posted to. */
export class Receiver implements AsyncDisposable {
  readonly posts: Post[] = [];
  private readonly arrivals = new EventEmitter();

  private constructor(
    private readonly server: Server,
    public answer: Answer,
  ) {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        this.posts.push({
          headers: request.headers,
          body,
          json: JSON.parse(body) as Post['json'],
        });
        this.answer(response, this.posts.length);
        this.arrivals.emit('post');
      });
    });
  }

  static async start(answer: Answer = (response) => response.end()) {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Receiver(server, answer);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/events`;
  }

  /** The numbers of all events that have come, in order. */
  get numbers(): number[] {
    return this.posts.flatMap(({ json }) => json.events.map(({ n }) => n));
  }

  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) await once(this.arrivals, 'post');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
