import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { isPromiseLike } from '../../core/promise-like.js';
import { InvalidParams } from '../../core/rpc/rpc-error.js';
import type { Command } from '../../core/rpc/command.js';
import { callerOf, readerOf, unwrap } from './direct-command.js';
import { mergedFaults } from '../params/field-faults.js';
import type { ParamsPlan } from '../params/params-plan.js';

/**
 * A direct command whose callers learn everything that is wrong with their
 * params. Each value is checked once, whether or not the others fit: a check
 * may ask a database, or count.
 */
export function exposedCommand(
  instance: object,
  method: string,
  async: boolean,
  plan: ParamsPlan,
): Command {
  const readers = plan.slots.map(readerOf);
  const { names } = plan;
  const call = callerOf(instance, method);
  if (plan.mayWait) {
    return {
      async,
      unwrap,
      staged: true,
      async invoke(request, started) {
        names?.check(request.params);
        const read = readers.map((reader) => outcomeOf(() => reader(request)));
        const outcomes: Outcome[] = [];
        // All of them have begun already, and none rejects.
        for (const one of read) outcomes.push(await one);
        const result = call(argumentsOf(outcomes));
        if (isPromiseLike(result)) started?.();
        return result;
      },
    };
  }
  return {
    async,
    unwrap,
    staged: false,
    invoke(request) {
      names?.check(request.params);
      // Promises are made only where a check waits.
      const read = readers.map((reader) => outcomeOf(() => reader(request)));
      return call(argumentsOf(read as Outcome[]));
    },
  };
}

/** The value of one argument, or the error of its check. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

function outcomeOf(read: () => unknown): MaybePromise<Outcome> {
  try {
    const value = read();
    if (!isPromiseLike(value)) return { value };
    return Promise.resolve(value).then(
      (settled): Outcome => ({ value: settled }),
      (error: unknown): Outcome => ({ error }),
    );
  } catch (error) {
    return { error };
  }
}

/** @throws What is wrong with any of the arguments. */
function argumentsOf(read: readonly Outcome[]): unknown[] {
  const failed = read.filter((outcome) => 'error' in outcome);
  const [first] = failed;
  if (first === undefined) {
    return read.map((outcome) => 'value' in outcome && outcome.value);
  }
  const { error } = first;
  // An error that the caller must not learn, or did not cause.
  if (!(error instanceof InvalidParams) || error.faults.length === 0) {
    throw error;
  }
  throw mergedFaults(
    failed.map(({ error: one }) =>
      one instanceof InvalidParams ? one.faults : undefined,
    ),
    true,
  );
}
