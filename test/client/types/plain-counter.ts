/** A service class without decorators, so that a client may import its type. */
export class PlainCounter {
  readonly label = 'counter';
  protected total = 0;
  private readonly since = new Date();

  add({ by }: { by: number }): number {
    this.total += by;
    return this.total;
  }

  async status(): Promise<{ total: number; since: Date }> {
    return Promise.resolve({ total: this.total, since: this.since });
  }

  whose(_params: { id: string }, request: Request): string {
    return String(request.callId);
  }

  between(low: number, high: number): boolean {
    return low <= this.total && this.total <= high;
  }

  onModuleInit(): void {}

  onClientConnected(client: { id: string }): string {
    return client.id;
  }

  protected reset(): void {
    this.total = 0;
  }
}

/** As `RpcRequest`, whose file a client cannot import. */
class Request {
  #resolved = false;
  readonly callId: number | undefined;

  get resolved(): boolean {
    return this.#resolved;
  }

  reply(_data?: unknown): void {
    this.#resolved = true;
  }

  error(_message?: string): void {
    this.#resolved = true;
  }
}
