import { Agent, request } from 'node:http';

/** Calls the backend of a server under load, over kept connections. */
export class Backend {
  private readonly agent: Agent;

  /**
   * @param connections With one, calls arrive in the order in which they are
   *   made: over several, batches would overtake each other on their way.
   */
  constructor(
    private readonly port: number,
    private readonly key: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  call(command: string, params: object): Promise<unknown> {
    const body = JSON.stringify({
      service: 'datasync_backend',
      message: { command, params },
    });
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.agent,
          host: '127.0.0.1',
          port: this.port,
          path: '/backend',
          method: 'POST',
          headers: { 'X-Backend-Key': this.key },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const { message } = JSON.parse(text) as {
              message: { type?: string; data?: unknown };
            };
            if (message.type === 'response') resolve(message.data);
            else reject(new Error(text));
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async authorize(dealer: string, query: unknown): Promise<string> {
    const items = [{ dealer, query }];
    return (await this.call('authorizeSubscription', { items })) as string;
  }

  async publish(deltas: readonly object[]): Promise<void> {
    await this.call('publishDeltas', { deltas });
  }
}
