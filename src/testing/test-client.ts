import type { LiveListOptions } from '../client/live/live-collection.js';
import type { Handshake } from '../core/clients/client.js';
import type { ServiceRegistry } from '../core/registry/service-registry.js';
import { CloseCode } from '../protocol/close-codes.js';
import { isJsonObject, type JsonValue } from '../protocol/json.js';
import type { AsJson } from '../protocol/json-input.js';
import type { RpcNotification } from '../protocol/rpc.js';
import type { ApiOf, DeclaredModel, RowOf } from '../protocol/snorky-types.js';
import { DataSyncService } from '../services/datasync/datasync.service.js';
import { checkService } from './application.js';
import { Inbox, PATIENCE } from './inbox.js';
import {
  MemoryClient,
  type Closing,
  type ReceivedEnvelope,
} from './memory-client.js';
import { PendingCalls } from './pending-calls.js';
import type { RestDoor } from './rest-door.js';
import { testCalls, type TestCalls } from './test-calls.js';
import type { TestList } from './test-list.js';
import { TestPage } from './test-page.js';

/** Describes the message that a test waits for. */
export interface NextOptions<Type extends string = string> {
  /** The service that sends it. @default any */
  readonly service?: string;
  /** The `type` of the message. @default any, or none */
  readonly type?: Type;
  /** Milliseconds to wait for it. @default 2000 */
  readonly patience?: number;
}

/** Characters of a message that an error shows. */
const SHOWN = 100;

/** The options of a list, and the name of the service that it follows. */
type ListOptions<Row> = LiveListOptions<Row> & { readonly service?: string };

/** A client in memory, with the methods that tests need. */
export class TestClient extends MemoryClient implements AsyncDisposable {
  private readonly inbox = new Inbox<ReceivedEnvelope>((envelope) => {
    const text = JSON.stringify(envelope);
    return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`;
  });
  private readonly calls = new PendingCalls();
  private page: TestPage | undefined;

  /** @internal Use `connectClient`. */
  constructor(
    registry: ServiceRegistry,
    handshake: Handshake,
    private readonly door: RestDoor,
  ) {
    super(registry, handshake);
  }

  /** Sends a message to a service, without waiting for anything. */
  emit<Message>(service: string, message: AsJson<Message>): void {
    this.emitText(JSON.stringify({ service, message }));
  }

  /**
   * Calls a command. Resolves with its result.
   *
   * Rejects with an `RpcError` when the command answers with an error. Rejects
   * with an `Error` when there is no such service, or no answer comes within
   * `patience` milliseconds.
   */
  call(
    service: string,
    command: string,
    params: object = {},
    patience: number = PATIENCE,
  ): Promise<JsonValue> {
    const what = `${service}.${command}`;
    return this.calls.open(what, patience, (callId) => {
      // A client that has asked for the feature `errors` gets the error of the
      // protocol.
      if (!this.has('errors')) checkService(this.$registry, service);
      this.emit(service, { command, params, callId });
    });
  }

  /**
   * The commands of a service as methods, by the interface that it shares with
   * pages, or by what `SnorkyTypes` declares. Each rejects as `call` does.
   *
   * @param patience Milliseconds that each call may take. @default 2000
   * @throws Error when there is no such service.
   *
   * @example
   * const sum = await client.rpc<CalculatorApi>('calculator').sum({ number1: 2, number2: 3 });
   */
  rpc<Name extends string>(
    service: Name,
    patience?: number,
  ): TestCalls<ApiOf<Name>>;
  rpc<Api>(service: string, patience?: number): TestCalls<Api>;
  rpc(service: string, patience?: number): TestCalls<never> {
    checkService(this.$registry, service);
    return testCalls((command, params) =>
      this.call(service, command, params, patience),
    );
  }

  /**
   * A list of rows that follows the server, as a page has it. The rows are
   * fetched from a route of the application with `@Subscribable()`, with the
   * headers of this client, over a port of loopback that is closed with this
   * client.
   *
   * The list uses this client's connection: from now on, its DataSync messages
   * go to the list and no longer to `next`. The list is `closed` when the
   * connection has ended, since no page comes back.
   *
   * @param options The options of `liveCollection`; `service` is the name of
   *   the DataSync service, by default `datasync`.
   * @throws Error when there is no such service, when the application has no
   *   routes, or when the connection has ended.
   *
   * @example
   * const tasks = client.live<Task>('/tasks', { model: 'Task' });
   * await tasks.ready;
   * await client.rpc<TasksApi>('tasks').add({ title: 'Shop' });
   * await tasks.until(({ items }) => items.length === 1);
   */
  live<const Model extends DeclaredModel>(
    url: string,
    options: { readonly model: Model } & ListOptions<RowOf<Model>>,
  ): TestList<RowOf<Model>>;
  live<Row>(url: string, options: ListOptions<Row>): TestList<Row>;
  live(url: string, given: object): TestList<never> {
    const { service = 'datasync', ...options } = given as ListOptions<never>;
    const registry = this.$registry;
    checkService(registry, service);
    const isDataSync = (name: string): boolean =>
      registry.service(name) instanceof DataSyncService;
    if (!isDataSync(service)) {
      throw new Error(`Service "${service}" is none of DataSync.`);
    }
    this.door.checked();
    if (!this.connected) throw new Error('The connection has been closed.');
    this.page ??= new TestPage(
      {
        headers: this.handshake.headers,
        emitText: (text) => this.emitText(text),
        // `hello` has to be the first message, and the test may have sent
        // others before.
        beginAnew: () => (this.spoken = 0),
      },
      registry.serviceNames().filter(isDataSync),
      this.door,
    );
    return this.page.list(url, service, options);
  }

  /**
   * Takes the next message that does not answer a `call`; with options, the
   * next one of a service or a type. Other messages stay for later. If none
   * arrives in time, it rejects with a list of what has arrived instead. It
   * rejects at once when there is no such service.
   *
   * @example
   * const { message } = await client.next({ service: 'pubsub', type: 'message' });
   */
  next(patience?: number): Promise<ReceivedEnvelope>;
  next<Message = RpcNotification>(
    which: NextOptions,
  ): Promise<ReceivedEnvelope<Message>>;
  async next(which: number | NextOptions = {}): Promise<ReceivedEnvelope> {
    const {
      service,
      type,
      patience = PATIENCE,
    } = typeof which === 'number' ? { patience: which } : which;
    if (service !== undefined) checkService(this.$registry, service);
    const ofService = service === undefined ? '' : ` of service "${service}"`;
    const ofType = type === undefined ? '' : ` of type "${type}"`;
    return this.inbox.next({
      takes: (envelope) =>
        (service === undefined || envelope.service === service) &&
        (type === undefined || typeOf(envelope.message) === type),
      what: `No message${ofService}${ofType}`,
      patience,
    });
  }

  /** Messages that arrived and were not taken. */
  get unread(): readonly ReceivedEnvelope[] {
    return this.inbox.unread;
  }

  /** Ends the connection, as when a browser is closed. */
  disconnect(): void {
    this.$finish(CloseCode.normal, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect();
    await this.closed;
  }

  /** @internal */
  $arrived(envelope: ReceivedEnvelope, text: string): void {
    if (this.page?.takes(envelope, text) === true) return;
    if (!this.calls.settle(envelope.message)) this.inbox.put(envelope);
  }

  /** @internal */
  $ended(closing: Closing): void {
    const { code, reason } = closing;
    const told = `The connection was closed with ${code}${reason && ` (${reason})`}.`;
    this.calls.end(told);
    this.inbox.end(told);
    this.page?.closed(closing);
  }
}

function typeOf(message: JsonValue): JsonValue | undefined {
  return isJsonObject(message) ? message['type'] : undefined;
}
