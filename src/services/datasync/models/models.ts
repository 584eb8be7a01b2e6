import type { ClassRules } from '../../../core/json/class-rules.js';
import { NotJsonError } from '../../../core/json/not-json-error.js';
import { isInstance } from '../../../core/is-instance.js';
import type { ServiceHost } from '../../../core/service.js';
import type { Dealer } from '../dealers/dealer.js';
import { FilterDealer } from '../dealers/filter-dealer.js';
import type { Delta } from '../../../protocol/delta.js';
import { FilterFields } from './filter-fields.js';
import { UNDECLARED, type ModelSettings } from './model-options.js';
import { Model } from './model.js';
import { nearestName } from './nearest-name.js';
import { ToldOnce } from './told-once.js';

/** What a line in the log says about a model that nobody follows. */
type Ignored = 'a delta' | '"fetch again"';

/** The models of a DataSync service: those that its dealers serve. */
export class Models {
  private readonly byName = new Map<string, Model>();
  private readonly toldUnknown = new ToldOnce();

  constructor(
    private readonly service: string,
    private readonly host: Pick<ServiceHost, 'log' | 'counters' | 'failed'>,
    dealers: readonly Dealer<never>[],
    settings: ReadonlyMap<string, ModelSettings>,
    rules: ClassRules | undefined,
  ) {
    const names = new Set(dealers.map(({ model }) => model));
    for (const name of names) {
      const own = dealers.filter(({ model }) => model === name);
      const of = settings.get(name) ?? UNDECLARED;
      const model = new Model(name, own, of, rules);
      this.byName.set(name, model);
      const fields = new FilterFields(model, host.log, service);
      model.waiting = fields;
      for (const dealer of own) {
        if (dealer instanceof FilterDealer) dealer.$watch(fields);
      }
    }
  }

  /**
   * A model that subscriptions may follow; undefined for any other name, which
   * the log mentions once.
   */
  find(name: string, what: Ignored = 'a delta'): Model | undefined {
    const model = this.byName.get(name);
    if (model === undefined && this.toldUnknown.isNew(name)) {
      this.host.log.warn(`model:${this.service}`, () => {
        const nearest = nearestName(name, this.byName.keys());
        const hint =
          nearest === undefined
            ? ''
            : `. Did you mean ${JSON.stringify(nearest)}?`;
        return `Ignored ${what}: no dealer of "${this.service}" is for model ${JSON.stringify(name.slice(0, 100))}${hint}`;
      });
    }
    return model;
  }

  /** Learns from deltas that another node may have published. */
  learn(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      if (delta.type === 'delete') continue;
      const row = delta.type === 'update' ? delta.newData : delta.data;
      this.byName.get(delta.model)?.learn(row);
    }
  }

  /** Logs that JSON cannot express a row. */
  unsayable(model: Model, type: string, what: string, error: unknown): void {
    const { host } = this;
    if (isInstance(error, NotJsonError) && error.kind !== 'unreadable') {
      this.tell(model, type, what, `cannot be said as JSON (${error.kind})`);
      host.log.debug(`unsayable:${this.service}`, (shown) =>
        shown.text(error.message),
      );
      return;
    }
    this.count('unserializable');
    const failure = { reason: 'serialize', service: this.service };
    host.failed(failure, error, () => {
      return `A row of "${model.name}" could not be serialized; whoever follows the model fetches again`;
    });
  }

  /** Logs that no page could find the row that a change is about. */
  inapplicable(model: Model, type: string, what: string, fault: string): void {
    this.tell(model, type, what, fault);
  }

  /**
   * Logs the same for a model without a declared key; the row is published as
   * it came.
   */
  withoutKey({ name }: Model, type: string, what: string): void {
    this.count('keyless');
    this.host.log.warn(`delta:${this.service}`, () => {
      return `No page can apply ${article(type)} of "${name}": its ${what} has no "id", which other rows have. Declare \`models: { ${name}: { key: 'id' } }\`, so that pages fetch again then.`;
    });
  }

  private count(reason: string): void {
    const labels = { service: this.service, reason };
    this.host.counters.add('badDeltas', labels);
  }

  private tell(
    { name }: Model,
    type: string,
    what: string,
    fault: string,
  ): void {
    this.count('inapplicable');
    this.host.log.warn(`delta:${this.service}`, () => {
      return `No page can apply ${article(type)} of "${name}": its ${what} ${fault}. Whoever follows the model fetches again.`;
    });
  }
}

function article(type: string): string {
  return type === 'delete' ? 'a delete' : `an ${type}`;
}
