import { resolveScoped } from '../providers/scoped-instance.js';
import { callee, checkScoped, type ClassRef } from '../providers/stand-in.js';
import { GATEWAY_METADATA } from '../setup/constants.js';
import type { InstanceWrapper } from '../setup/nest-internals.js';
import type { GatewayPlace } from './gateway-admission.js';
import type { IdentifiesClient } from './identification.js';

/**
 * The name of the registry whose gateway a class is; undefined if it is none.
 */
export function registryOf(classRef: unknown): string | undefined {
  return typeof classRef === 'function'
    ? (Reflect.getMetadata(GATEWAY_METADATA, classRef) as string | undefined)
    : undefined;
}

/**
 * Whether a provider may stand where the class of a gateway is expected: it has
 * that class, a subclass, or something that is no gateway itself, such as the
 * mock of a test.
 */
export function isPlaced(
  { metatype, token }: InstanceWrapper,
  own: ClassRef | undefined,
): boolean {
  return (
    registryOf(metatype) !== undefined ||
    registryOf(own) === undefined ||
    own === token ||
    own?.prototype instanceof (token as ClassRef)
  );
}

/** A gateway, and its provider. */
export interface FoundGateway extends GatewayPlace {
  readonly wrapper: InstanceWrapper;
}

/** @throws SnorkySetupError when nothing could be made for a connection. */
export function placeOf(
  wrapper: InstanceWrapper,
  classRef: ClassRef,
): FoundGateway {
  checkScoped(wrapper, classRef);
  const isStatic = wrapper.isDependencyTreeStatic();
  const asked: readonly (keyof IdentifiesClient)[] =
    'identifyRequest' in classRef.prototype
      ? ['identify', 'identifyRequest']
      : ['identify'];
  const calleeOf = (made: unknown): object => callee(classRef, asked, made);
  return {
    classRef,
    wrapper,
    resolve: (request) =>
      isStatic
        ? { instance: calleeOf(wrapper.instance) }
        : resolveScoped(wrapper, request).then((scoped) => ({
            ...scoped,
            instance: calleeOf(scoped.instance),
          })),
  };
}
