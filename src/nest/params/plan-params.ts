import { ROUTE_ARGS_METADATA } from '../setup/nest-internals.js';
import { setupError } from '../setup/setup-errors.js';
import type { DeclaredCommand } from '../decorators/declared-commands.js';
import {
  CLIENT,
  ParamKind,
  type ParamMetadata,
} from '../decorators/rpc-params.decorator.js';
import { NamedParams } from './named-params.js';
import type { ParamSlot, ParamsPlan } from './params-plan.js';
import {
  explained,
  namedCheck,
  paramsCheck,
  type LoadValidation,
  type PlanContext,
} from './slot-check.js';

/**
 * Plans how a command's arguments are made.
 *
 * @throws SnorkySetupError when its params would silently not be checked.
 */
export async function planParams(
  classRef: { readonly name: string; readonly prototype: object },
  command: DeclaredCommand,
  loadValidation: LoadValidation,
  exposed = false,
): Promise<ParamsPlan> {
  const { method, owner } = command;
  const who = `${classRef.name}.${method}()`;
  // Only its own metadata: an override has its own parameters, decorated or
  // not.
  const types = Reflect.getOwnMetadata('design:paramtypes', owner, method) as
    unknown[] | undefined;
  const arity = (Reflect.get(classRef.prototype, method) as { length: number })
    .length;
  const decorated = Reflect.getOwnMetadata(
    ROUTE_ARGS_METADATA,
    owner.constructor,
    method,
  ) as Record<string, ParamMetadata> | undefined;
  if (types === undefined && dependsOnTypes(command, arity, decorated)) {
    throw setupError('SNORKY_TYPES_MISSING', who);
  }
  const context = {
    who,
    types: types ?? [],
    arity,
    command,
    loadValidation,
    exposed,
  };
  return decorated === undefined
    ? planPlain(context)
    : planDecorated(context, decorated);
}

/** Whether only the declared types check a command's params. */
function dependsOnTypes(
  { options }: DeclaredCommand,
  arity: number,
  decorated: Record<string, ParamMetadata> | undefined,
): boolean {
  if (options.unchecked === true) return false;
  if (decorated === undefined) {
    return arity > 0 && options.params === undefined;
  }
  return Object.entries(decorated).some(([key, { data, schema, pipes }]) => {
    if (!key.startsWith(`${ParamKind.params}:`)) return false;
    if (data === undefined) return options.params === undefined;
    return schema === undefined && pipes.length === 0;
  });
}

/** The plan of a method that takes `(params, request)`. */
async function planPlain(context: PlanContext): Promise<ParamsPlan> {
  const { types, arity, command } = context;
  const request: ParamSlot = { from: 'request' };
  if (
    Math.max(types.length, arity) === 0 &&
    command.options.params === undefined &&
    command.options.unchecked !== true
  ) {
    return {
      slots: [],
      names: new NamedParams(new Set(), []),
      needsPipeline: false,
      mayWait: false,
      exposed: context.exposed,
    };
  }
  const check = await paramsCheck(context, types[0]);
  return {
    slots: [
      {
        from: 'params',
        check,
        explain: await explained(context, 0, '', check),
      },
      request,
    ],
    needsPipeline: false,
    mayWait: check?.mayWait ?? false,
    exposed: context.exposed,
  };
}

async function planDecorated(
  context: PlanContext,
  decorated: Record<string, ParamMetadata>,
): Promise<ParamsPlan> {
  const slots: ParamSlot[] = [];
  const allowed = new Set<string>();
  const required: string[] = [];
  let all = false;
  let needsPipeline = false;
  if (
    context.command.options.params !== undefined &&
    !Object.entries(decorated).some(
      ([key, { data }]) =>
        key.startsWith(`${ParamKind.params}:`) && data === undefined,
    )
  ) {
    throw setupError('SNORKY_SCHEMA_UNUSED', context.who);
  }
  for (const [key, metadata] of Object.entries(decorated)) {
    const { index, data, pipes } = metadata;
    if (pipes.length > 0) needsPipeline = true;
    const [kind, rest] = key.split(':');
    if (rest === undefined || !/^\d+$/.test(kind ?? '')) {
      slots[index] = { from: 'enhancer' };
      needsPipeline = true;
    } else if (Number(kind) === ParamKind.request) {
      slots[index] = { from: data === CLIENT ? 'client' : 'request' };
    } else if (typeof data === 'string') {
      allowed.add(data);
      if (index < context.arity && metadata.optional !== true) {
        required.push(data);
      }
      const check = await namedCheck(context, metadata);
      const explain = await explained(context, index, data, check);
      slots[index] = { from: 'params', name: data, check, explain };
    } else {
      all = true;
      const check = await paramsCheck(context, context.types[index]);
      const explain = await explained(context, index, '', check);
      slots[index] = { from: 'params', check, explain };
    }
  }
  const count = Math.max(slots.length, context.arity, context.types.length);
  for (let index = 0; index < count; index++) {
    if (slots[index] === undefined) {
      throw setupError('SNORKY_PARAMETER_BARE', context.who, index);
    }
  }
  return {
    slots,
    names: new NamedParams(all ? undefined : allowed, required),
    decorated,
    needsPipeline,
    mayWait: slots.some(
      (slot) => slot.from === 'params' && slot.check?.mayWait === true,
    ),
    exposed: context.exposed,
  };
}
