import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import type { JsonValue } from '../../../src/protocol/json.js';
import { match } from './pattern.js';
import type { Target } from './target.js';
import type { Variables } from './variables.js';
import { WireClient, type ConnectOptions } from './wire-client.js';

/** The connections and variables of one case while its steps are done. */
export class CaseRun {
  readonly agent = new Agent({ keepAlive: true });
  readonly patience: number;
  variables: Variables;
  readonly #clients = new Map<string, WireClient>();
  /** Closed ones too: what they were sent must have been expected. */
  readonly #opened: { readonly name: string; readonly client: WireClient }[] =
    [];

  constructor(readonly target: Target) {
    this.patience = target.patience ?? 2_000;
    this.variables = new Map<string, JsonValue>([
      ['uid', randomUUID()],
      ['key', target.key],
    ]);
  }

  /** The connection of that name; the first use opens the default route. */
  async client(name: string): Promise<WireClient> {
    return this.#clients.get(name) ?? (await this.open(name, '/ws', {}));
  }

  async open(
    name: string,
    path: string,
    options: Omit<ConnectOptions, 'milliseconds'>,
  ): Promise<WireClient> {
    if (this.#clients.has(name)) throw new Error(`${name} is open already`);
    const url = `${this.target.websocket}${path}`;
    const milliseconds = this.patience;
    const client = await WireClient.connect(url, { ...options, milliseconds });
    this.#clients.set(name, client);
    this.#opened.push({ name, client });
    return client;
  }

  /** Frees a name for another connection. */
  forget(name: string): void {
    this.#clients.delete(name);
  }

  /** Compares, keeps what the pattern captures, throws when it differs. */
  expect(pattern: JsonValue, value: JsonValue): void {
    const found = match(pattern, value, this.variables);
    if (!found.matches) throw new Error(found.why);
    this.variables = found.variables;
  }

  /** Fails when a message has come that no step expected. */
  async assertNothingLeft(): Promise<void> {
    for (const { name, client } of this.#opened) {
      await client.settle(this.patience);
      const [message] = client.messages.drain();
      if (message !== undefined) {
        throw new Error(`${name} got a message nobody expected: ${message}`);
      }
    }
  }

  /** Ends all connections. */
  async dispose(): Promise<void> {
    this.agent.destroy();
    await Promise.all(
      this.#opened.map(({ client }) => client.close(this.patience)),
    );
  }
}
