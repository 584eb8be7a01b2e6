import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker } from '../../broker/ports/broker.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import type { EventsOptions } from './events-options.js';
import type { ValidationErrors } from './validation-errors.js';
import type { LogOptions } from '../../core/log/log.js';
import type { BackendOptions } from '../../transports/http/backend-handler.js';
import type { WebSocketOptions } from '../../transports/websocket/websocket-options.js';

/** Express-style middleware, run on an upgrade request before the guards. */
export type UpgradeMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown;

/** The options of an endpoint that a factory may give. */
export interface WebSocketLateOptions extends WebSocketOptions {
  /**
   * Runs on upgrade requests, in order, before the gateway's guards. (The
   * application's own middleware does not run on them.)
   */
  readonly middleware?: readonly UpgradeMiddleware[];
  /**
   * States that the registry has no gateway on purpose. Without it, the
   * application does not start if a gateway class for the registry exists that
   * no application lists. In production (`NODE_ENV`), an endpoint that lets
   * everybody in is reported with a warning. Stating it for a registry with a
   * gateway stops the start.
   * @default false
   */
  readonly open?: boolean;
  /** Whether the application's global guards run on connections. @default false */
  readonly globalGuards?: boolean;
}

/** A WebSocket endpoint on the application's server. */
export interface WebSocketEndpointOptions extends WebSocketLateOptions {
  /** Requests to exactly this path are taken; a query string is allowed. */
  readonly path: string;
}

/** A backend for trusted servers: POST with the header `X-Backend-Key`. */
export interface HttpBackendOptions extends Partial<BackendOptions> {
  /** Requests to exactly this path are taken; a query string is allowed. */
  readonly path: string;
  /**
   * A port for this backend alone, which a firewall can protect from strangers.
   * Without it, the backend is on the application's server, before the
   * application's middleware, prefix, guards and interceptors.
   */
  readonly listen?: ListenOptions;
}

/** Where a server listens. */
export interface ListenOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
}

/**
 * How one registry can be reached. Without either, only from within the
 * process.
 */
export interface RegistryOptions {
  readonly websocket?:
    WebSocketEndpointOptions | readonly WebSocketEndpointOptions[];
  readonly http?: HttpBackendOptions;
  /** Who hears what happens in the registry. @default nobody */
  readonly events?: EventsOptions;
}

/** The options that `forRootAsync` may leave to its factory. */
export interface SnorkyLateOptions {
  /**
   * By the name of the registry; `websocket` applies to all endpoints of it.
   */
  readonly registries?: Readonly<
    Record<
      string,
      {
        readonly websocket?: WebSocketLateOptions;
        readonly http?: Partial<BackendOptions> & {
          readonly listen?: ListenOptions;
        };
        readonly events?: EventsOptions;
      }
    >
  >;
  /**
   * What the nodes share. It is closed with the application. @default one in
   * memory
   */
  readonly broker?: Broker;
  /**
   * Milliseconds that running commands may take at shutdown. The closing of
   * connections may then take as long again.
   * @default 5000
   */
  readonly shutdownTimeout?: number;
  /**
   * Whether callers of the application's own commands learn what is wrong with
   * their params. `@RpcCommand({ validationErrors })` overrides it for one
   * command.
   * @default 'hide'
   */
  readonly validationErrors?: ValidationErrors;
  /** What the log shows, and how many lines it writes. */
  readonly log?: LogOptions;
}

/** The options of `SnorkyModule.forRoot`. */
export interface SnorkyModuleOptions extends Omit<
  SnorkyLateOptions,
  'registries'
> {
  /** By name. The bundled services use `frontend` and `backend` by default. */
  readonly registries: Readonly<Record<string, RegistryOptions>>;
}

/** Makes options with injected providers. */
export interface AsyncOptions<Options> extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory?: (...injected: never[]) => MaybePromise<Options>;
  /** A class whose `create()` makes the options. */
  readonly useClass?: Type<OptionsFactory<Options>>;
  /** A class whose `create()` makes the options, provided elsewhere. */
  readonly useExisting?: Type<OptionsFactory<Options>>;
}

/** The interface of a class given as `useClass` or `useExisting`. */
export interface OptionsFactory<Options> {
  create(): MaybePromise<Options>;
}

/** The options of `SnorkyModule.forRootAsync`. */
export interface SnorkyModuleAsyncOptions extends AsyncOptions<SnorkyLateOptions> {
  /**
   * Names and paths are static. Any other option may be given here or by the
   * factory.
   */
  readonly registries: Readonly<Record<string, RegistryOptions>>;
}
