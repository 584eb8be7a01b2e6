import type { Type } from '@nestjs/common';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { RegistryEvent } from '../../core/observation/registry-event.js';
import type { WebhookOptions } from '../../transports/webhook/webhook-options.js';

/** A provider that is told what happens in a registry, in its process. */
export interface ListensToEvents {
  /**
   * What it throws, or a promise of it that rejects, is logged. Nobody waits for it.
   *
   * @param registry The name of the registry.
   */
  onRegistryEvent(
    event: RegistryEvent,
    registry: string,
  ): MaybePromise<unknown>;
}

/**
 * Who is told what happens in a registry: who connects and disconnects, and when a
 * channel gets its first subscriber or loses its last one. Each node tells of what
 * happens on it, and a process that dies tells nothing.
 */
export interface EventsOptions {
  /** Posts them to a URL, signed. */
  readonly webhook?: WebhookOptions;
  /** Tells a provider of the application. */
  readonly listener?: Type<ListensToEvents>;
  /** Which of them. @default all */
  readonly types?: readonly RegistryEvent['type'][];
}

const TYPES: readonly RegistryEvent['type'][] = [
  'connected',
  'disconnected',
  'occupied',
  'vacated',
];

/** @throws TypeError for what there is no event of. */
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
