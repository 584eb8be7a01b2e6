import { InvalidParams } from '../../core/rpc/rpc-error.js';
import type { JsonObject } from '../../protocol/json.js';
import {
  CLIENT,
  ParamKind,
  type ParamMetadata,
} from '../decorators/rpc-params.decorator.js';
import { ROUTE_ARGS_METADATA } from '../setup/nest-internals.js';
import { setupError } from '../setup/setup-errors.js';
import type { DeclaredCommand } from '../decorators/declared-commands.js';
import { isOwnClass, typeCheck } from './declared-type.js';
import {
  dtoCheck,
  hasValidators,
  schemaCheck,
  unknownName,
  type Validation,
  type ValueCheck,
} from './value-check.js';

/** Loads the packages behind DTO classes, or fails with what to install. */
export type LoadValidation = (who: string) => Promise<Validation>;

/** Where one argument of a command's method comes from. */
export type ParamSlot =
  | { readonly from: 'request' | 'client' | 'enhancer' }
  | {
      readonly from: 'params';
      /** One parameter, undefined while absent; without a name all of them. */
      readonly name?: string;
      readonly check?: ValueCheck | undefined;
      /** What knows the fields of the value, also where a pipe checks it. */
      readonly explain?: ValueCheck | undefined;
    };

/** How a command's method gets its arguments. */
export interface ParamsPlan {
  /** By index. */
  readonly slots: readonly ParamSlot[];
  /** Present when the command names its parameters. */
  readonly names?: NamedParams;
  /** Nest's metadata of decorated parameters, by its keys. */
  readonly decorated?: Readonly<Record<string, ParamMetadata>>;
  /** Whether only Nest's pipeline can make the arguments. */
  readonly needsPipeline: boolean;
  /** Whether a check may answer by a promise. */
  readonly mayWait: boolean;
  /** Whether callers learn what is wrong with their params. */
  readonly exposed: boolean;
}

/** The names that a call must, and may, give. */
export class NamedParams {
  constructor(
    /** Undefined where the command also takes all params. */
    private readonly allowed: ReadonlySet<string> | undefined,
    private readonly required: readonly string[],
  ) {}

  /** @throws RpcError `Invalid params` when one is missing or unknown. */
  check(params: JsonObject): void {
    for (const name of this.required) {
      if (!Object.hasOwn(params, name)) {
        throw new InvalidParams(`"${name}" is missing`);
      }
    }
    if (this.allowed === undefined) return;
    // Every call comes through here: unlike `Object.keys`, this makes no array.
    for (const name in params) {
      if (this.allowed.has(name)) continue;
      if (Object.hasOwn(params, name)) {
        throw unknownName(name);
      }
    }
  }
}

/**
 * Finds out how to make a command's arguments.
 *
 * @throws SnorkySetupError when its params would silently be unchecked.
 */
export async function planParams(
  classRef: { readonly name: string; readonly prototype: object },
  command: DeclaredCommand,
  loadValidation: LoadValidation,
  exposed = false,
): Promise<ParamsPlan> {
  const { method, owner } = command;
  const who = `${classRef.name}.${method}()`;
  // Own, since an override has its own parameters, with decorators or without.
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

/** Whether what a command declares is checked by nothing but its types. */
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

interface PlanContext {
  readonly who: string;
  readonly types: readonly unknown[];
  /** Parameters before the first with a default value. */
  readonly arity: number;
  readonly command: DeclaredCommand;
  readonly loadValidation: LoadValidation;
  readonly exposed: boolean;
}

/** `(params, request)`. */
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

/** The check of all params together; undefined where none was asked for. */
async function paramsCheck(
  { who, command, loadValidation }: PlanContext,
  type: unknown,
): Promise<ValueCheck | undefined> {
  if (command.options.params !== undefined) {
    return schemaCheck(command.options.params, '');
  }
  if (command.options.unchecked === true) return undefined;
  if (!isOwnClass(type)) {
    throw setupError('SNORKY_PARAMS_UNCHECKED', who, nameOf(type));
  }
  const validation = await loadValidation(who);
  if (!hasValidators(validation, type)) {
    throw setupError('SNORKY_PARAMS_UNDECORATED', who, type.name);
  }
  return dtoCheck(validation, type, '');
}

/** The check of one named parameter, from its schema or its declared type. */
async function namedCheck(
  { who, types, arity, command, loadValidation }: PlanContext,
  { index, data, schema, pipes }: ParamMetadata,
): Promise<ValueCheck | undefined> {
  const name = String(data);
  if (schema !== undefined) return schemaCheck(schema, name);
  // A pipe is trusted to turn what comes into the declared type.
  if (command.options.unchecked === true || pipes.length > 0) return undefined;
  const type = types[index];
  // A union or an interface, or `unknown`: nobody can tell it from any JSON.
  if (type === Object) return undefined;
  // Without a declared type, SWC has none; the type of a default value is
  // nowhere. Elsewhere it is what a circular import has left of a class.
  if (type === undefined && index >= arity) return undefined;
  const check = typeCheck(type, name);
  if (check !== undefined) return check;
  if (!isOwnClass(type)) {
    throw setupError('SNORKY_PARAMS_UNCHECKED', who, nameOf(type), name);
  }
  const validation = await loadValidation(who);
  if (!hasValidators(validation, type)) {
    throw setupError('SNORKY_PARAMS_UNDECORATED', who, type.name, name);
  }
  return dtoCheck(validation, type, name);
}

/**
 * What finds the fields that a pipe has refused: the check, or the class where
 * the pipe stands for it. Only those who expose them ask.
 */
async function explained(
  { who, types, exposed, loadValidation }: PlanContext,
  index: number,
  path: string,
  check: ValueCheck | undefined,
): Promise<ValueCheck | undefined> {
  const type = types[index];
  if (!exposed || check !== undefined || !isOwnClass(type)) return check;
  let validation: Validation;
  try {
    validation = await loadValidation(who);
  } catch {
    return undefined; // The pipe needs neither of the packages.
  }
  return hasValidators(validation, type)
    ? dtoCheck(validation, type, path)
    : undefined;
}

function nameOf(type: unknown): string {
  return typeof type === 'function' ? type.name : String(type);
}
