import { ContextIdFactory, ModuleRef, type ContextId } from '@nestjs/core';
import type { InstanceWrapper } from '../setup/nest-internals.js';

/** Makes the instance of a request-scoped class for one request. */
export async function resolveScoped(
  wrapper: InstanceWrapper,
  request: object,
): Promise<{ readonly instance: object; readonly contextId: ContextId }> {
  const moduleRef =
    wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance;
  if (moduleRef === undefined) {
    throw new Error(`${wrapper.name} is in no module.`);
  }
  const contextId = ContextIdFactory.create();
  moduleRef.registerRequestByContextId(request, contextId);
  const instance = await moduleRef.resolve<object>(wrapper.token, contextId, {
    strict: true,
  });
  return { instance, contextId };
}
