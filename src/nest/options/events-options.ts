import type { Type } from '@nestjs/common';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { RegistryEvent } from '../../core/observation/registry-event.js';
import type { WebhookOptions } from '../../transports/webhook/webhook-options.js';

/** A provider that hears, in its own process, what happens in a registry. */
export interface ListensToEvents {
  /**
   * Called for each event. An error, or a rejection, is logged. Nothing waits
   * for a promise returned here.
   *
   * @param registry The name of the registry.
   */
  onRegistryEvent(
    event: RegistryEvent,
    registry: string,
  ): MaybePromise<unknown>;
}

/**
 * Who hears what happens in a registry: which clients connect and disconnect,
 * and when a channel gets its first subscriber or loses its last one. Each node
 * reports what happens on it. A process that dies reports nothing.
 */
export interface EventsOptions {
  /** Posts the events to a URL, signed. */
  readonly webhook?: WebhookOptions;
  /** Calls a provider of the application. */
  readonly listener?: Type<ListensToEvents>;
  /** Which events are reported. @default all */
  readonly types?: readonly RegistryEvent['type'][];
}

const TYPES: readonly RegistryEvent['type'][] = [
  'connected',
  'disconnected',
  'occupied',
  'vacated',
];

/** @throws TypeError for a type that no event has. */
export function eventTypes({
  types = TYPES,
}: EventsOptions): ReadonlySet<RegistryEvent['type']> {
  const list: readonly unknown[] = Array.isArray(types) ? types : [types];
  const isKnown = (type: unknown): boolean =>
    (TYPES as readonly unknown[]).includes(type);
  if (list === types && list.every(isKnown)) return new Set(types);
  const wrong = list.find((type) => list !== types || !isKnown(type));
  throw new TypeError(
    `The option "types" of events must be a list of ${TYPES.join(', ')}, not ${JSON.stringify(wrong)}.`,
  );
}
