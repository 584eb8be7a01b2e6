import type { MaybePromise } from '../../broker/ports.js';
import { isPromiseLike } from '../../core/promise-like.js';
import { InvalidParams, type FieldFault } from '../../core/rpc-error.js';
import type { RpcRequest } from '../../core/rpc-request.js';
import type { Command } from '../../core/rpc-service.js';
import { readerOf } from './direct-command.js';
import { mergedFaults } from './field-faults.js';
import type { ParamsPlan } from './params-plan.js';

/** A direct command whose callers learn what is wrong with their params. */
export function exposedCommand(command: Command, plan: ParamsPlan): Command {
  return {
    ...command,
    invoke(request, started) {
      let result: unknown;
      try {
        result = command.invoke(request, started);
      } catch (error) {
        return refuse(error, request, plan);
      }
      if (!isPromiseLike(result)) return result;
      return result.then(undefined, (error: unknown) =>
        refuse(error, request, plan),
      );
    },
  };
}

/**
 * Throws, or rejects with, what is wrong with all of the parameters: the error
 * is about the first one, and a form has several.
 */
function refuse(
  error: unknown,
  request: RpcRequest,
  plan: ParamsPlan,
): Promise<never> {
  if (!(error instanceof InvalidParams) || error.faults.length === 0) {
    throw error;
  }
  const each = plan.slots.map((slot) =>
    faultsIn(() => readerOf(slot)(request)),
  );
  const known: Faults[] = [];
  for (const one of each) {
    if (isPromiseLike(one)) return later(each);
    known.push(one);
  }
  throw mergedFaults(known, true);
}

async function later(each: readonly MaybePromise<Faults>[]): Promise<never> {
  const all: Faults[] = [];
  for (const one of each) all.push(isPromiseLike(one) ? await one : one);
  throw mergedFaults(all, true);
}

type Faults = readonly FieldFault[] | undefined;

/** What a check says, or undefined where it says nothing. */
function faultsIn(check: () => unknown): MaybePromise<Faults> {
  const told = (error: unknown): Faults =>
    error instanceof InvalidParams ? error.faults : undefined;
  try {
    const result = check();
    if (!isPromiseLike(result)) return undefined;
    return Promise.resolve(result).then(() => undefined, told);
  } catch (error) {
    return told(error);
  }
}
