import type {
  HttpBackendOptions,
  ListenOptions,
  RegistryOptions,
  SnorkyLateOptions,
  WebSocketLateOptions,
} from './snorky-options.js';
import type { BackendOptions } from '../../transports/http/backend-handler.js';
import { LONGEST_TIMER } from '../../protocol/longest-timer.js';
import type { EventsOptions } from './events-options.js';
import type { ValidationErrors } from './validation-errors.js';
import { setupError } from '../setup/setup-errors.js';

/** A WebSocket endpoint, with all its options. */
export interface ResolvedEndpoint {
  readonly registry: string;
  readonly path: string;
  readonly options: WebSocketLateOptions;
}

/** An HTTP backend, with all its options. */
export interface ResolvedBackend {
  readonly registry: string;
  readonly path: string;
  readonly listen: ListenOptions | undefined;
  readonly options: BackendOptions;
}

/** Who hears what happens in a registry. */
export interface ResolvedEvents {
  readonly registry: string;
  readonly options: EventsOptions;
}

/** The default of `shutdownTimeout`, in milliseconds. */
export const DEFAULT_SHUTDOWN_TIMEOUT = 5000;

/** The static options and those from the factory, joined. */
export class ResolvedOptions {
  /** The names of all registries. */
  readonly names: readonly string[];
  readonly endpoints: readonly ResolvedEndpoint[];
  readonly backends: readonly ResolvedBackend[];
  readonly events: readonly ResolvedEvents[];
  readonly shutdownTimeout: number;
  readonly validationErrors: ValidationErrors;

  /** @throws SnorkySetupError when the two do not fit together. */
  constructor(
    registries: Readonly<Record<string, RegistryOptions>>,
    late: SnorkyLateOptions,
  ) {
    const names = Object.keys(registries);
    for (const name of Object.keys(late.registries ?? {})) {
      if (!names.includes(name)) {
        throw setupError(
          'SNORKY_REGISTRY_UNKNOWN',
          'The factory of forRootAsync()',
          name,
          names.join(', ') || 'none',
        );
      }
    }
    const endpoints: ResolvedEndpoint[] = [];
    const backends: ResolvedBackend[] = [];
    const told: ResolvedEvents[] = [];
    for (const [registry, one] of Object.entries(registries)) {
      const { websocket, http, events } = one;
      const more = late.registries?.[registry];
      for (const kind of ['websocket', 'http'] as const) {
        if (more?.[kind] === undefined || registries[registry]?.[kind])
          continue;
        throw setupError('SNORKY_OPTION_LATE', registry, kind);
      }
      for (const { path, ...options } of asList(websocket)) {
        endpoints.push({
          registry,
          path: checkedPath(path),
          options: { ...options, ...given(more?.websocket) },
        });
      }
      if (http !== undefined) {
        backends.push(
          resolveBackend(registry, { ...http, ...given(more?.http) }),
        );
      }
      if (events !== undefined || more?.events !== undefined) {
        told.push({ registry, options: { ...events, ...given(more?.events) } });
      }
    }
    checkPaths(endpoints, backends);
    this.names = names;
    this.endpoints = endpoints;
    this.backends = backends;
    this.events = told;
    this.shutdownTimeout = Math.min(
      late.shutdownTimeout ?? DEFAULT_SHUTDOWN_TIMEOUT,
      LONGEST_TIMER,
    );
    if (!(this.shutdownTimeout >= 0)) {
      throw setupError('SNORKY_SHUTDOWN_INVALID', late.shutdownTimeout);
    }
    this.validationErrors = late.validationErrors ?? 'hide';
    if (!['expose', 'hide'].includes(this.validationErrors)) {
      throw setupError(
        'SNORKY_VALIDATION_ERRORS_INVALID',
        this.validationErrors,
      );
    }
  }

  /** Turns an option's TypeError into an error that names the registry. */
  check<T>(registry: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw setupError('SNORKY_OPTION_INVALID', registry, error.message);
    }
  }
}

/**
 * Drops undefined members: what a factory leaves out must not undo a static
 * option.
 */
function given<T extends object>(options: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

function resolveBackend(
  registry: string,
  { path, listen, key, ...options }: HttpBackendOptions,
): ResolvedBackend {
  if (key === undefined || key.length === 0) {
    throw setupError('SNORKY_KEY_MISSING', registry);
  }
  return {
    registry,
    path: checkedPath(path),
    listen,
    options: { ...options, key },
  };
}

function asList<T>(one: T | readonly T[] | undefined): readonly T[] {
  if (one === undefined) return [];
  return Array.isArray(one) ? (one as readonly T[]) : [one as T];
}

function checkedPath(path: string): string {
  if (!/^\/$|^\/[^?#\s]*[^/?#\s]$/.test(path)) {
    throw setupError('SNORKY_PATH_INVALID', path);
  }
  return path;
}

function checkPaths(
  endpoints: readonly ResolvedEndpoint[],
  backends: readonly ResolvedBackend[],
): void {
  const taken = new Set<string>();
  const mounted = backends.filter(({ listen }) => listen === undefined);
  for (const { path } of [...endpoints, ...mounted]) {
    if (taken.has(path)) throw setupError('SNORKY_PATH_TAKEN', path);
    taken.add(path);
  }
}
