import type { JsonValue } from '../../protocol/json.js';
import type {
  Claim,
  Directory,
  DirectoryEvent,
  Listing,
  Watch,
} from '../ports/directory.js';
import type { ListenerOptions, Stop } from '../ports/listening.js';
import type { Position } from '../ports/log.js';
import { copy } from './copy.js';
import type { Network } from './network.js';

export class DelayedDirectory implements Directory {
  readonly #inner: Directory;
  readonly #network: Network;

  constructor(inner: Directory, network: Network) {
    this.#inner = inner;
    this.#network = network;
  }

  async join(set: string, key: string, value: JsonValue): Promise<Position> {
    const sent = copy(value);
    return this.#network.request(lane(set), () =>
      this.#inner.join(set, key, sent),
    );
  }

  async claim(set: string, key: string, value: JsonValue): Promise<Claim> {
    const sent = copy(value);
    return this.#network.request(lane(set), () =>
      this.#inner.claim(set, key, sent),
    );
  }

  async leave(set: string, key: string): Promise<boolean> {
    return this.#network.request(lane(set), () => this.#inner.leave(set, key));
  }

  async list(set: string): Promise<Listing> {
    return this.#network.request(lane(set), () => this.#inner.list(set));
  }

  async watch(
    set: string,
    since: Position,
    listener: (event: DirectoryEvent) => void,
    options: ListenerOptions = {},
  ): Promise<Watch> {
    const from = copy(since);
    const source = { port: 'directory', name: set } as const;
    const mailbox = this.#network.mailbox(listener, source, options);
    return this.#network.connect(lane(set), async (): Promise<Watch> => {
      const watch = await this.#inner.watch(
        set,
        from,
        (event) => mailbox.push(event),
        { onGap: () => mailbox.gap() },
      );
      if (!watch.covered) {
        this.#network.drop(mailbox);
        return watch;
      }
      const stop = (): void => {
        this.#network.drop(mailbox);
        watch.stop();
      };
      return { covered: true, stop };
    });
  }

  onLost(listener: () => void): Stop {
    const source = { port: 'directory', name: '' } as const;
    const mailbox = this.#network.mailbox(listener, source);
    const stop = this.#inner.onLost(() => mailbox.push());
    return () => {
      mailbox.stop();
      stop();
    };
  }
}

function lane(set: string): string {
  return `set ${set}`;
}
