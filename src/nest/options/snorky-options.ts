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

/** What an endpoint may be told late, from a factory. */
export interface WebSocketLateOptions extends WebSocketOptions {
  /**
   * Runs on upgrade requests, in order, before the gateway's guards. The
   * middleware of the application does not.
   */
  readonly middleware?: readonly UpgradeMiddleware[];
  /**
   * Says that the registry is meant to have no gateway. Without it, the
   * application does not start while there is a gateway class for the registry
   * that no application lists, and an endpoint that lets everybody in is told
   * with a warning in production (`NODE_ENV`). Beside a gateway it is an error.
   * @default false
   */
  readonly open?: boolean;
  /** Whether the application's global guards run on connections. @default false */
  readonly globalGuards?: boolean;
}

/** A WebSocket endpoint on the application's server. */
export interface WebSocketEndpointOptions extends WebSocketLateOptions {
  /** Matched exactly; a query string is allowed. */
  readonly path: string;
}

/** A backend for trusted servers: POST with the header `X-Backend-Key`. */
export interface HttpBackendOptions extends Partial<BackendOptions> {
  /** Matched exactly; a query string is allowed. */
  readonly path: string;
  /**
   * A port of its own, so that a firewall can keep strangers out. Without it,
   * the backend is on the application's server, before its middleware, prefix,
   * guards and interceptors.
   */
  readonly listen?: ListenOptions;
}

/** Where a server listens. */
export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
}

/** How one registry can be reached. Without either: in process only. */
export interface RegistryOptions {
  readonly websocket?:
    WebSocketEndpointOptions | readonly WebSocketEndpointOptions[];
  readonly http?: HttpBackendOptions;
  /** Who is told what happens in it. @default nobody */
  readonly events?: EventsOptions;
}

/** What `forRootAsync` may leave to its factory. */
export interface SnorkyLateOptions {
  /** By the name of the registry; `websocket` goes for all its endpoints. */
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
  /** What the nodes share. Closed with the application. @default one in memory */
  readonly broker?: Broker;
  /**
   * Milliseconds that running commands, and then the closing of connections,
   * may each take when the application shuts down.
   * @default 5000
   */
  readonly shutdownTimeout?: number;
  /**
   * Whether callers of the application's own commands learn what is wrong with
   * their params; `@RpcCommand({ validationErrors })` says otherwise for one.
   * @default 'hide'
   */
  readonly validationErrors?: ValidationErrors;
  /** What the log may say, and how much. */
  readonly log?: LogOptions;
}

/** The options of `SnorkyModule.forRoot`. */
export interface SnorkyModuleOptions extends Omit<
  SnorkyLateOptions,
  'registries'
> {
  /** By name. `frontend` and `backend` are the defaults of bundled services. */
  readonly registries: Readonly<Record<string, RegistryOptions>>;
}

/** Makes options with injected providers. */
export interface AsyncOptions<Options> extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory?: (...injected: never[]) => MaybePromise<Options>;
  /** A class whose `create()` makes the options. */
  readonly useClass?: Type<OptionsFactory<Options>>;
  /** The same, provided elsewhere. */
  readonly useExisting?: Type<OptionsFactory<Options>>;
}

/** For `useClass` and `useExisting`. */
export interface OptionsFactory<Options> {
  create(): MaybePromise<Options>;
}

/** The options of `SnorkyModule.forRootAsync`. */
export interface SnorkyModuleAsyncOptions extends AsyncOptions<SnorkyLateOptions> {
  /** Names and paths are static; whatever else is known may be given here too. */
  readonly registries: Readonly<Record<string, RegistryOptions>>;
}
