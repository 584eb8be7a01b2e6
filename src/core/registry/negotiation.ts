import { WireError } from '../../protocol/errors.js';
import {
  FEATURE_BITS,
  HELLO,
  HELLO_LIMITS,
  type Feature,
  type HelloResult,
} from '../../protocol/features.js';
import type { JsonObject, JsonValue } from '../../protocol/json.js';
import { excerpt } from '../log/log-line.js';
import { InvalidParams, RpcError } from '../rpc/rpc-error.js';
import type { RpcRequest } from '../rpc/rpc-request.js';
import { RpcService } from '../rpc/rpc-service.js';

/**
 * The features that this server has. A new feature is added here, and as a row
 * to docs/protocol.md.
 */
export const SUPPORTED_FEATURES: readonly Feature[] = [
  'errors',
  'taken',
  'revoked',
  'refetch',
  'identity',
  'replaces',
];

/**
 * The registry's own service, under the reserved name: it agrees with a
 * connection on features. No guard comes before it, since it reveals nothing.
 */
export class Negotiation extends RpcService {
  constructor() {
    super();
    const invoke = (request: RpcRequest): HelloResult => this.#hello(request);
    this.installCommands(
      new Map([[HELLO, { async: false, staged: false, invoke }]]),
    );
  }

  #hello({ client, params }: RpcRequest): HelloResult {
    if (!client.connected) throw new RpcError(WireError.connectionRequired);
    if (client.spoken !== 1) refuse('it is not the first message');
    const { features: asked, software } = read(params);
    const features = SUPPORTED_FEATURES.filter((name) => asked.includes(name));
    for (const name of features) client.features |= FEATURE_BITS[name];
    this.registry.log.debug('hello', (shown) => {
      return `${client.handshake.remoteAddress ?? 'A client'} is ${shown.value(software)}, with: ${features.join(', ')}`;
    });
    return { features };
  }
}

interface Hello {
  readonly features: readonly JsonValue[];
  readonly software: string;
}

/**
 * @throws RpcError for another shape, or for more than {@link HELLO_LIMITS}
 *   allows.
 */
function read({ features, client = '', ...others }: JsonObject): Hello {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse(`unknown parameter ${excerpt(unknown)}`);
  if (!isText(client, HELLO_LIMITS.clientBytes)) refuse('client');
  const { features: most, featureBytes } = HELLO_LIMITS;
  if (!isList(features) || features.length > most) refuse('features');
  if (!features.every((name) => isText(name, featureBytes))) refuse('features');
  return { features, software: client };
}

function isText(value: JsonValue, bytes: number): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= bytes;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function refuse(why: string): never {
  throw new InvalidParams(why);
}
