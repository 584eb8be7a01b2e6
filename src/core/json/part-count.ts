import { MAX_PARTS } from '../../protocol/limits.js';
import { NotJson } from './not-json-error.js';

/** Counts the parts of one value, and refuses it when there are too many. */
export class PartCount {
  private parts = 0;

  /** @throws NotJson beyond {@link MAX_PARTS}. */
  next(): void {
    if (++this.parts <= MAX_PARTS) return;
    throw new NotJson(
      'size',
      `it has more than ${MAX_PARTS} parts, where what is referred to several ` +
        'times counts each time. Give what is needed of it',
    );
  }
}
