import type { Client } from '../../../core/clients/client.js';
import { RpcError } from '../../../core/rpc/rpc-error.js';
import { WireError } from '../../../protocol/errors.js';
import type { JsonValue } from '../../../protocol/json.js';
import type { Acquisition } from '../holding/desk.js';
import { isToken } from '../tokens/token.js';

/**
 * The params with which a client acquires a subscription. Undefined means that
 * a param was not given.
 */
export interface AcquireParams {
  readonly token: JsonValue;
  readonly resume: JsonValue | undefined;
  readonly since: JsonValue | undefined;
  readonly replaces: JsonValue | undefined;
}

/**
 * Checks the params, in the order that the protocol prescribes. @throws
 * RpcError
 */
export function acquisitionOf(
  params: AcquireParams,
  client: Client,
): Omit<Acquisition, 'answer'> {
  if (!client.connected) throw new RpcError(WireError.connectionRequired);
  const token = tokenOf(params.token);
  const { resume, since, replaces } = params;
  if (!isToken(token)) throw new RpcError(WireError.noSuchSubscription);
  const resumes = resume === true;
  if (!resumes && ((resume ?? false) !== false || since !== undefined)) {
    throw new RpcError(WireError.invalidParams);
  }
  if (replaces === undefined) return { token, client, resume: resumes, since };
  // A connection that did not ask for the feature gets the answer for an
  // unknown parameter.
  if (!resumes || typeof replaces !== 'string' || !client.has('replaces')) {
    throw new RpcError(WireError.invalidParams);
  }
  if (!isToken(replaces)) throw new RpcError(WireError.noSuchSubscription);
  return { token, client, resume: resumes, since, replaces };
}

/** @throws RpcError for a value that is no text. */
export function tokenOf(token: JsonValue): string {
  if (typeof token === 'string') return token;
  throw new RpcError(WireError.tokenNotAString);
}
