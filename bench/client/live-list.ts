import {
  DataSync,
  liveCollection,
  Snorky,
  type LiveCollection,
  type Socket,
} from 'snorky/client';

/** A live list, and the line to it. */
export interface LiveList<Row> {
  readonly list: LiveCollection<Row>;
  /** A message of the service `datasync`, as JSON. */
  receive(message: string): void;
  close(): void;
}

interface Call {
  readonly service: string;
  readonly message: { readonly command: string; readonly callId: number };
}

/**
 * Makes a live list whose server is this process, without a network in between.
 */
export async function liveList<Row extends object>(
  rows: string,
  token: string,
): Promise<LiveList<Row>> {
  const lines: Line[] = [];
  class Line implements Socket {
    onopen: ((event: never) => void) | null = null;
    onmessage: ((event: never) => void) | null = null;
    onclose: ((event: never) => void) | null = null;
    onerror: ((event: never) => void) | null = null;

    constructor() {
      lines.push(this);
      queueMicrotask(() => this.onopen?.({} as never));
    }

    send(text: string): void {
      const { service, message } = JSON.parse(text) as Call;
      const data =
        message.command === 'acquireSubscription'
          ? { recovered: true, position: 0 }
          : { features: [] };
      const answer = { type: 'response', callId: message.callId, data };
      queueMicrotask(() => this.receive(service, JSON.stringify(answer)));
    }

    receive(service: string, message: string): void {
      const data = `{"service":"${service}","message":${message}}`;
      this.onmessage?.({ data } as never);
    }

    close(): void {}
  }

  const snorky = new Snorky(Line, 'ws://here', { datasync: DataSync });
  const headers = { 'X-Subscription-Token': token };
  const list = liveCollection<Row>(
    snorky.services.datasync,
    'http://here/rows',
    {
      model: 'Task' as never,
      fetch: () => Promise.resolve(new Response(rows, { headers })),
    },
  );
  await list.ready;
  return {
    list,
    receive: (message) => lines[0]?.receive('datasync', message),
    close: () => {
      list.close();
      snorky.disconnect();
    },
  };
}
