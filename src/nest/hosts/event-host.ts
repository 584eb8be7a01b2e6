import {
  Inject,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Broker } from '../../broker/ports/broker.js';
import type { RegistryEvent } from '../../core/observation/registry-event.js';
import { Webhook } from '../../transports/webhook/webhook.js';
import {
  eventTypes,
  type EventsOptions,
  type ListensToEvents,
} from '../options/events-options.js';
import {
  ResolvedOptions,
  type ResolvedEvents,
} from '../options/resolved-options.js';
import { RegistrySet } from '../registration/registry-set.js';
import { SNORKY_BROKER } from '../setup/constants.js';
import { setupError } from '../setup/setup-errors.js';

interface Told extends ResolvedEvents {
  readonly types: ReadonlySet<RegistryEvent['type']>;
  readonly webhook: Webhook<RegistryEvent> | undefined;
}

/**
 * Reports what happens in registries to the webhooks and providers that their
 * options name.
 */
@Injectable()
export class EventHost implements OnModuleInit, OnApplicationShutdown {
  private readonly told: readonly Told[];

  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(RegistrySet) private readonly registries: RegistrySet,
    @Inject(SNORKY_BROKER) private readonly broker: Broker,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {
    this.told = options.events.map((events) =>
      options.check(events.registry, () => ({
        ...events,
        types: eventTypes(events.options),
        webhook: this.webhook(events.registry, events.options),
      })),
    );
  }

  onModuleInit(): void {
    for (const { registry, options, types, webhook } of this.told) {
      const listener = this.listener(registry, options);
      this.registries.get(registry).observe({
        event: (event) => {
          if (!types.has(event.type)) return undefined;
          webhook?.add(event);
          return listener?.onRegistryEvent(event, registry);
        },
      });
    }
  }

  /**
   * By now all connections are closed, and their events are waiting to be
   * posted.
   */
  async onApplicationShutdown(): Promise<void> {
    const { shutdownTimeout } = this.options;
    const hooks = this.told.flatMap(({ webhook }) => webhook ?? []);
    await Promise.all(hooks.map((hook) => hook.close(shutdownTimeout)));
  }

  private webhook(
    name: string,
    { webhook }: EventsOptions,
  ): Webhook<RegistryEvent> | undefined {
    if (webhook === undefined) return undefined;
    const keys = this.options.backends.flatMap(({ options }) => options.key);
    if (keys.includes(webhook.secret)) {
      throw new TypeError(
        'The webhook option "secret" is the key of a backend: whoever receives ' +
          'events could steer the server. Give it one of its own.',
      );
    }
    const { log, counters } = this.registries.get(name);
    const lost = (events: number): void =>
      counters.add('eventsLost', undefined, events);
    return new Webhook(webhook, this.broker.node, { name, log, lost });
  }

  private listener(
    registry: string,
    { listener }: EventsOptions,
  ): ListensToEvents | undefined {
    if (listener === undefined) return undefined;
    let found: Partial<ListensToEvents> | undefined;
    try {
      found = this.modules.get<ListensToEvents>(listener, { strict: false });
    } catch {
      // The missing provider is reported below.
    }
    if (typeof found?.onRegistryEvent === 'function') {
      return found as ListensToEvents;
    }
    throw setupError('SNORKY_EVENTS_LISTENER', registry, listener.name);
  }
}
