import { frozenJson } from '../../core/json/frozen-json.js';
import type { JsonValue } from '../../protocol/json.js';
import type { GatewayPlace } from './gateway-admission.js';
import {
  admissionOf,
  type Identification,
  type IdentifiesClient,
} from './identification.js';
import { hasUser, type RouteRequest } from './route-request.js';

/** The identity behind a route's request. */
export interface RouteIdentity {
  /**
   * The identity that this user's connections have; null if the user is
   * unknown.
   */
  readonly identity: JsonValue;
  /** When the identity expires, in milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
}

export const NOBODY: RouteIdentity = { identity: null };

/**
 * Asks a gateway for the identity behind a route's request.
 *
 * @throws Error when the request has a user and the gateway does not tell the
 *   user's identity: a token for this user must not work for everybody.
 */
export async function routeIdentity(
  gateway: GatewayPlace,
  request: RouteRequest,
): Promise<RouteIdentity> {
  if (!hasUser(request)) return ask(gateway, request, false);
  const { name } = gateway.classRef;
  let answer: RouteIdentity | undefined;
  try {
    answer = await ask(gateway, request, true);
  } catch (error) {
    // Thrown even for an HttpException: its status would blame the request.
    throw new Error(
      `${name} failed to tell which identity the user of a route's request has.`,
      { cause: error },
    );
  }
  if (answer.identity !== null || answer === UNASKED) return answer;
  throw new Error(
    `${name} does not tell which identity the user of a route's request has, so ` +
      'that its token could be used by anybody. Let identifyRequest(request) of ' +
      'the gateway answer the identity that the connections of this user have, or ' +
      'say @Subscribable(..., { bearer: true }).',
  );
}

/** The answer for a gateway that has no method to ask. */
const UNASKED: RouteIdentity = { identity: null };

async function ask(
  { classRef, resolve }: GatewayPlace,
  request: RouteRequest,
  isSomebody: boolean,
): Promise<RouteIdentity> {
  const { instance } = await resolve(request);
  const ways: readonly (keyof IdentifiesClient)[] = isSomebody
    ? ['identifyRequest', 'identify']
    : ['identifyRequest'];
  for (const way of ways) {
    const method = methodOf(instance, classRef, way);
    if (method === undefined) continue;
    const answer = (await method.call(instance, request)) as Identification;
    const { identity, ...rest } = admissionOf(answer, way);
    return { identity: frozenJson(identity, 'identity'), ...rest };
  }
  return UNASKED;
}

/**
 * The instance's own method, or that of the class which the instance stands
 * for.
 */
function methodOf(
  instance: object,
  { prototype }: GatewayPlace['classRef'],
  name: keyof IdentifiesClient,
): ((request: RouteRequest) => unknown) | undefined {
  const method: unknown =
    Reflect.get(instance, name) ?? Reflect.get(prototype, name);
  return typeof method === 'function'
    ? (method as (request: RouteRequest) => unknown)
    : undefined;
}
