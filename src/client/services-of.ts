import type { ApiOf } from '../protocol/snorky-types.js';
import type { RpcConnector, UntypedConnector } from './calls/rpc.js';
import type { RPCService } from './calls/rpc-service.js';
import type { ConnectorHost } from './connector-host.js';
import type { Service } from './service.js';

/** The class of a service's connector. */
export type ServiceClass<Connector extends Service = Service> = new (
  name: string,
  snorky: ConnectorHost,
) => Connector;

/** Connector classes by the name of their service. */
export type ServiceClasses = Readonly<Record<string, ServiceClass>>;

/**
 * The connectors of the classes. Connectors of `rpc()` have the commands that
 * `SnorkyTypes` declares.
 */
export type ServicesOf<Classes extends ServiceClasses> = {
  readonly [Name in keyof Classes]: ConnectorOf<
    InstanceType<Classes[Name]>,
    ApiOf<Name>
  >;
};

type ConnectorOf<Connector, Api> = Connector extends UntypedConnector
  ? [Api] extends [never]
    ? RPCService
    : RpcConnector<Api>
  : Connector;
