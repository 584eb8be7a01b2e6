import { ServiceUnavailableException } from '@nestjs/common';

/** Runs work one after the other, and refuses more when too much waits. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** @param limit Pieces of work at most, waiting or running. */
  constructor(private readonly limit: number) {}

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.waiting >= this.limit) {
      throw new ServiceUnavailableException(
        'Too much is waiting for the database: try again in a moment',
      );
    }
    this.waiting++;
    const result = this.last.then(work).finally(() => this.waiting--);
    this.last = result.catch(() => {});
    return result;
  }
}
