import type { Broker } from '../../broker/ports/broker.js';
import { CLOSINGS } from '../../core/everywhere/everywhere.js';
import type { LogOptions } from '../../core/log/log.js';
import { whenReady } from '../../core/promise-like.js';
import { ServiceRegistry } from '../../core/registry/service-registry.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { DEFAULT_REGISTRY } from '../setup/constants.js';
import { nestLogSink } from './nest-log-sink.js';
import { setupError } from '../setup/setup-errors.js';

/** The registries of one application. */
export class RegistrySet {
  private readonly registries: ReadonlyMap<string, ServiceRegistry>;

  /** @throws SnorkySetupError when an option of the log makes no sense. */
  constructor(
    readonly names: readonly string[],
    log: LogOptions = {},
  ) {
    try {
      this.registries = new Map(
        names.map((name) => [
          name,
          new ServiceRegistry(name, nestLogSink(`Snorky:${name}`), log),
        ]),
      );
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw setupError('SNORKY_LOG_INVALID', error.message);
    }
  }

  /**
   * Joins each registry with the same registry of the other nodes. Settles when
   * all are.
   */
  join({ topics }: Broker): MaybePromise<void> {
    let joined: MaybePromise<void> = undefined;
    for (const { name, $everywhere } of this.all) {
      joined = whenReady(joined, () =>
        $everywhere.join(topics.log(`closings:${name}`, CLOSINGS)),
      );
    }
    return joined;
  }

  /** The registry of services that name none: the only one, else `frontend`. */
  get defaultName(): string {
    const [only, second] = this.names;
    return only !== undefined && second === undefined ? only : DEFAULT_REGISTRY;
  }

  get all(): readonly ServiceRegistry[] {
    return [...this.registries.values()];
  }

  find(name: string): ServiceRegistry | undefined {
    return this.registries.get(name);
  }

  /** The registry of a name that is known to exist. */
  get(name: string): ServiceRegistry {
    const registry = this.registries.get(name);
    if (registry === undefined) throw new Error(`No registry "${name}".`);
    return registry;
  }
}
