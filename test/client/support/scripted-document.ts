import { Cursors, type CursorDocument } from 'snorky/client';
import { connect, inState } from './client.js';
import {
  ScriptedServer,
  type ArrivedCall,
  type ScriptedConnection,
} from './scripted-server.js';

/** A cursor of somebody else, as the service tells it. */
export function foreign(publicHandle: number, position: unknown = null) {
  const document = 'page';
  return { publicHandle, document, position, status: null, owner: 'bob' };
}

/** A client, and the server's side of its connections, to be scripted. */
export class CursorScript implements AsyncDisposable {
  private constructor(
    readonly server: ScriptedServer,
    readonly snorky: ReturnType<typeof join>,
    public connection: ScriptedConnection,
  ) {}

  static async start(timeout = 30_000): Promise<CursorScript> {
    const server = await ScriptedServer.start();
    const snorky = join(server, timeout);
    const connection = await server.connection();
    await inState(snorky, 'connected');
    return new CursorScript(server, snorky, connection);
  }

  get cursors(): Cursors {
    return this.snorky.services.cursors;
  }

  /** Joins the document "page", in which there are these cursors. */
  async join(...cursors: unknown[]): Promise<CursorDocument> {
    const joined = this.cursors.join({ document: 'page' });
    await this.answer({ cursors });
    return joined;
  }

  /** Answers the next call, and gives it. */
  async answer(data: unknown): Promise<ArrivedCall['message']> {
    const call = await this.connection.next();
    this.connection.answer(call, data);
    return call.message;
  }

  async refuse(error: string): Promise<ArrivedCall['message']> {
    const call = await this.connection.next();
    this.connection.refuse(call, error);
    return call.message;
  }

  notify(type: string, cursor: unknown): void {
    this.connection.send('cursors', { type, cursor });
  }

  /** Cuts the connection, and accepts the next one. */
  async reconnect(): Promise<void> {
    this.connection.cut();
    this.connection = await this.server.connection();
    await inState(this.snorky, 'connected');
  }

  /** The calls that have arrived, unanswered, before one that is made now. */
  async unanswered(): Promise<ArrivedCall['message'][]> {
    const mark = this.cursors.rpcCall('mark').catch(() => {});
    const calls: ArrivedCall['message'][] = [];
    for (;;) {
      const call = await this.connection.next();
      if (call.message.command === 'mark') {
        this.connection.answer(call, null);
        await mark;
        return calls;
      }
      calls.push(call.message);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.snorky.disconnect();
    await this.server[Symbol.asyncDispose]();
  }
}

function join(server: ScriptedServer, timeout: number) {
  return connect(server.url, { cursors: Cursors }, { timeout });
}
