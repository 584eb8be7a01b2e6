import type { RateLimitedLog } from '../../../core/log/log.js';
import { fieldsOf, type Predicate } from '../filter/predicate.js';
import { LONGEST_FIELD } from './known-fields.js';
import type { Model } from './model.js';
import { nearestName } from './nearest-name.js';
import { ToldOnce } from './told-once.js';

/** Names that are kept until the first row is seen. */
const MOST_EARLY = 100;

/** Checks the fields that filters over one model use. */
export class FilterFields {
  private readonly told = new ToldOnce();
  /** Names that filters used before any row was seen. */
  private readonly early = new Set<string>();

  constructor(
    private readonly model: Model,
    private readonly log: RateLimitedLog,
    private readonly service: string,
  ) {}

  /**
   * The first field that filters must not use, because it does not leave the
   * server: rows that come and go by its value would give the value away.
   */
  hiddenOf(predicate: Predicate): string | undefined {
    const fields = fieldsOf(predicate);
    const hidden = this.model.hiddenOf(fields);
    if (hidden !== undefined) return hidden;
    for (const field of fields) {
      const [first = field] = field.split('.');
      this.notice(first);
    }
    return undefined;
  }

  /**
   * Called when the first row has been seen: now it is known which fields no
   * row has.
   */
  rowSeen(): void {
    for (const name of this.early) this.notice(name);
    this.early.clear();
  }

  private notice(name: string): void {
    const { known, name: model } = this.model;
    // No row has a field with such a long name, and the server would keep it
    // for a client.
    if (name.length > LONGEST_FIELD) return;
    if (known.none) {
      if (this.early.size < MOST_EARLY) this.early.add(name);
      return;
    }
    if (known.mayBe(name) || !this.told.isNew(name)) return;
    this.log.warn(
      `field:${this.service}`,
      () => {
        const nearest = nearestName(name, known.all ?? []);
        return nearest === undefined
          ? `A filter is about a field that no row of "${model}" has had.`
          : // A name so near to a known one is no secret, so the log may quote it.
            `A filter is about a field that no row of "${model}" has had: "${name}". Did they mean "${nearest}"?`;
      },
      (shown) => `The field is ${shown.value(name)}`,
    );
  }
}
