import type { Command } from '../../core/rpc/command.js';
import type { RpcRequest } from '../../core/rpc/rpc-request.js';
import { isPromiseLike } from '../../core/promise-like.js';
import { resultOf } from '../enhancers/enhancer-chain.js';
import type { ParamsPlan, ParamSlot } from '../params/params-plan.js';

type Method = (...args: unknown[]) => unknown;
type Reader = (request: RpcRequest) => unknown;

/**
 * A command without guards, pipes and the like: its method is called at once,
 * and the connection's next message need not wait. All bundled services take
 * this way.
 */
export function directCommand(
  instance: object,
  method: string,
  async: boolean,
  plan: ParamsPlan,
): Command {
  const readers = plan.slots.map(readerOf);
  const names = plan.names;
  const call = callerOf(instance, method);
  if (plan.mayWait) {
    return {
      async,
      unwrap,
      staged: true,
      async invoke(request, started) {
        names?.check(request.params);
        const args = await Promise.all(readers.map((read) => read(request)));
        const result = call(args);
        if (isPromiseLike(result)) started?.();
        return result;
      },
    };
  }
  const [first, second] = readers;
  if (names === undefined && first !== undefined && readers.length === 2) {
    return {
      async,
      unwrap,
      staged: false,
      invoke: (request) => call([first(request), second?.(request)]),
    };
  }
  return {
    async,
    unwrap,
    staged: false,
    invoke(request) {
      names?.check(request.params);
      const args: unknown[] = [];
      for (const read of readers) args.push(read(request));
      return call(args);
    },
  };
}

/**
 * Calls the method. It is looked up at each call, so that a test can spy on it.
 */
export function callerOf(
  instance: object,
  method: string,
): (args: unknown[]) => unknown {
  return (args) =>
    resultOf((Reflect.get(instance, method) as Method).apply(instance, args));
}

/**
 * The promise of a result's final value, where the result is an Observable or a
 * promise of one.
 */
export function unwrap(value: unknown): Promise<unknown> | undefined {
  const known = resultOf(value);
  return Object.is(known, value) ? undefined : (known as Promise<unknown>);
}

/**
 * How an argument is read off a call that has no decorator of another library.
 */
export function readerOf(slot: ParamSlot): Reader {
  if (slot.from === 'client') return (request) => request.client;
  if (slot.from !== 'params') return (request) => request;
  const { name, check } = slot;
  if (name === undefined) {
    if (check === undefined) return (request) => request.params;
    return (request) => check.check(request.params);
  }
  return ({ params }) => {
    if (!Object.hasOwn(params, name)) return undefined;
    const value = params[name];
    return check === undefined ? value : check.check(value);
  };
}
