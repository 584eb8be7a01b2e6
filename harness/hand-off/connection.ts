import type { Delta, JsonValue } from 'snorky';
import type { WebSocket } from 'ws';
import type { Row } from './rows.js';

export interface Message {
  readonly type: string;
  readonly data?: {
    readonly recovered: boolean;
    readonly position: JsonValue;
  } | null;
  readonly message?: string;
  readonly delta?: Delta<Row>;
  readonly deltas?: readonly Delta<Row>[];
  readonly subscription?: string;
  readonly position?: JsonValue;
  readonly subscriptions?: readonly (string | undefined)[];
  readonly delay?: number;
}

export type Answer = Message | 'cut';

/** One connection, as its client sees it. */
export class Connection {
  /** The position in the log up to which everything has arrived here. */
  last: JsonValue | undefined;
  private answered: ((answer: Answer) => void) | undefined;
  private ended: () => void = () => {};
  readonly end: Promise<void>;
  isOver = false;

  constructor(
    readonly ws: WebSocket,
    private readonly hear: (message: Message) => void,
  ) {
    this.end = new Promise((resolve) => (this.ended = resolve));
    ws.on('message', (data: Buffer) => this.take(data.toString()));
    ws.on('close', () => this.cut());
    ws.on('error', () => this.cut());
  }

  call(service: string, command: string, params: object): Promise<Answer> {
    return new Promise((resolve) => {
      this.answered = resolve;
      const message = { command, params, callId: 1 };
      this.ws.send(JSON.stringify({ service, message }));
      void this.end.then(() => resolve('cut'));
    });
  }

  /** Ends the connection for the client, whatever the server believes. */
  cut(): void {
    this.isOver = true;
    this.ended();
  }

  private take(text: string): void {
    const { message } = JSON.parse(text) as { message: Message };
    if (message.position !== undefined) this.last = message.position;
    // Answers are settled at once too: messages in the same chunk come after
    // them.
    this.hear(message);
    if (message.type === 'response' || message.type === 'error') {
      this.answered?.(message);
    }
  }
}
