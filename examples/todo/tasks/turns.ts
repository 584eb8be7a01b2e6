import { ServiceUnavailableException } from '@nestjs/common';

/** Lets work be done one after the other, while not too much is waiting. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** @param limit Of what waits, or is being done. */
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
