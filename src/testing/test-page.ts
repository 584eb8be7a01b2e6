import { setImmediate } from 'node:timers';
import { DataSync } from '../client/live/datasync.js';
import type { Socket, SocketClass } from '../client/connection/connection.js';
import {
  liveCollection,
  type LiveListOptions,
} from '../client/live/live-collection.js';
import { Snorky } from '../client/snorky.js';
import type { Fetch } from '../client/live/subscribing-fetch.js';
import { RESERVED_SERVICE } from '../protocol/features.js';
import { isJsonObject } from '../protocol/json.js';
import type { RestDoor } from './rest-door.js';
import { testList, type TestList } from './test-list.js';
import type { Closing, ReceivedEnvelope } from './memory-client.js';

/** Headers of a handshake that a request for rows does not have. */
const OF_HANDSHAKES =
  /^(host|connection|upgrade|content-.*|transfer-encoding|sec-websocket-.*)$/;

/** What a page needs of the client whose connection it uses. */
export interface PageClient {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  emitText(text: string): void;
  /** Makes the next message count as the client's first one. */
  beginAnew(): void;
}

/**
 * The connector of pages on the connection of a client in memory. From now on,
 * messages of DataSync are for the connector, and all others for the test.
 */
export class TestPage {
  private readonly snorky: Snorky;
  private readonly lists = new Set<TestList<never>>();
  private socket: Socket | undefined;
  private isOver = false;

  /** @param services The names of all DataSync services. */
  constructor(
    private readonly client: PageClient,
    private readonly services: readonly string[],
    private readonly door: RestDoor,
  ) {
    this.snorky = new Snorky(
      this.socketClass(),
      'ws://in-memory/',
      Object.fromEntries(services.map((name) => [name, DataSync])),
      { reconnect: false, heartbeat: 0 },
    );
  }

  list<Row>(
    url: string,
    service: string,
    options: LiveListOptions<Row>,
  ): TestList<Row> {
    const datasync = this.snorky.services[service] as DataSync;
    const fetch: Fetch = (path, init) =>
      this.door.fetch(path, { ...init, headers: this.headers(init) });
    const live = liveCollection(datasync, url, { fetch, ...options });
    const list = testList(live, url);
    this.lists.add(list as TestList<never>);
    return list;
  }

  /**
   * Whether a message is for the page. The page's own calls have numbers as
   * ids.
   */
  takes({ service, message }: ReceivedEnvelope, text: string): boolean {
    const isAnswer =
      isJsonObject(message) &&
      (message['type'] === 'response' || message['type'] === 'error');
    if (isAnswer) {
      if (typeof message['callId'] !== 'number') return false;
      if (service !== RESERVED_SERVICE && !this.services.includes(service)) {
        return false;
      }
    } else if (!this.services.includes(service)) {
      return false;
    }
    // Passed on later, as from a network: no answer arrives while its call is
    // being made.
    setImmediate(() => this.socket?.onmessage?.({ data: text } as never));
    return true;
  }

  closed(closing: Closing): void {
    this.isOver = true;
    this.socket?.onclose?.(closing as never);
    this.snorky.disconnect();
    // The lists are closed here. They would otherwise try to connect again, and
    // keep the process alive.
    for (const list of this.lists) list.close();
    this.door.close();
  }

  private headers(init: RequestInit): Headers {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(this.client.headers)) {
      if (value === undefined || OF_HANDSHAKES.test(name)) continue;
      if (!headers.has(name)) headers.set(name, String(value));
    }
    return headers;
  }

  private socketClass(): SocketClass {
    const { client } = this;
    const opened = (socket: Socket): void => {
      this.socket = socket;
      setImmediate(() => {
        if (this.isOver) return;
        client.beginAnew();
        socket.onopen?.(undefined as never);
      });
    };
    return class implements Socket {
      onopen: Socket['onopen'] = null;
      onmessage: Socket['onmessage'] = null;
      onclose: Socket['onclose'] = null;
      onerror: Socket['onerror'] = null;

      constructor() {
        opened(this);
      }

      send(text: string): void {
        client.emitText(text);
      }

      close(): void {}
    };
  }
}
