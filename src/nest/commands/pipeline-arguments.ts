import type { ArgumentMetadata, ExecutionContext, Type } from '@nestjs/common';
import { isPromiseLike } from '../../core/promise-like.js';
import type { RpcRequest } from '../../core/rpc/rpc-request.js';
import type { ParamMetadata } from '../decorators/rpc-params.decorator.js';
import { piped, type Enhancers } from '../enhancers/enhancer-chain.js';
import { readerOf } from './direct-command.js';
import { RefusedParam } from '../params/refused-param.js';
import type { ParamsPlan, ParamSlot } from '../params/params-plan.js';

/** Makes the arguments of a call, with the pipes that apply. */
export type MakeArguments = (
  request: RpcRequest,
  context: ExecutionContext,
  enhancers: Enhancers,
  refused: (refusal: RefusedParam) => void,
) => unknown[] | Promise<unknown[]>;

interface Parameter {
  /** Reads the value as it arrived: nothing has checked it. */
  read(request: RpcRequest, context: ExecutionContext): unknown;
  readonly slot: ParamSlot;
  readonly metadata: ArgumentMetadata;
}

/**
 * Finds out how to make the arguments of a command with enhancers. The pipes of
 * the command see each value before its check does. The pipes of the parameter
 * see what the check has made of it.
 */
export function argumentsMaker(
  classRef: { readonly prototype: object },
  method: string,
  plan: ParamsPlan,
): MakeArguments {
  const types = (Reflect.getMetadata(
    'design:paramtypes',
    classRef.prototype,
    method,
  ) ?? []) as readonly (Type | undefined)[];
  const written = new Map(
    Object.values(plan.decorated ?? {}).map((one) => [one.index, one]),
  );
  const parameters = plan.slots.map((slot, index) =>
    parameterOf(slot, written.get(index), types[index]),
  );
  return (request, context, enhancers, refused) => {
    plan.names?.check(request.params);
    const { pipes, paramPipes } = enhancers;
    const make = async (
      { read, slot, metadata }: Parameter,
      index: number,
    ): Promise<unknown> => {
      let value = read(request, context);
      if (isPromiseLike(value)) value = await value;
      try {
        if (pipes.length > 0) value = await piped(pipes, value, metadata);
        // An absent value has no type that could be checked.
        if (slot.from === 'params' && value !== undefined) {
          const checked = slot.check?.check(value);
          if (slot.check !== undefined) {
            value = isPromiseLike(checked) ? await checked : checked;
          }
        }
        const own = paramPipes[index];
        return own === undefined ? value : await piped(own, value, metadata);
      } catch (error) {
        if (slot.from === 'params') {
          refused(new RefusedParam(error, slot, value));
        }
        throw error;
      }
    };
    const making = parameters.map(make);
    return plan.exposed ? allOrNone(making) : Promise.all(making);
  };
}

/** Like `Promise.all`, but it settles only when all parts have. */
async function allOrNone(
  parts: readonly Promise<unknown>[],
): Promise<unknown[]> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

function parameterOf(
  slot: ParamSlot,
  written: ParamMetadata | undefined,
  metatype: Type | undefined,
): Parameter {
  const metadata: ArgumentMetadata = {
    // Nest's pipes do not touch values of the type `custom`.
    type: slot.from === 'params' ? 'body' : 'custom',
    metatype,
    data: written?.data as string | undefined,
    schema: slot.from === 'enhancer' ? written?.schema : undefined,
  } as ArgumentMetadata;
  if (slot.from !== 'enhancer') {
    const unchecked =
      slot.from === 'params' ? { ...slot, check: undefined } : slot;
    return { read: readerOf(unchecked), slot, metadata };
  }
  const { factory, data } = written as CustomParameter;
  const read: Parameter['read'] = (_request, context) =>
    factory?.(data, context) ?? null;
  return { read, slot, metadata };
}

/** What `createParamDecorator` records about a parameter. */
interface CustomParameter extends ParamMetadata {
  readonly factory?: (data: unknown, context: ExecutionContext) => unknown;
}
