import { COMMAND_METADATA } from '../constants.js';
import type { RpcCommandOptions } from '../decorators/rpc-command.decorator.js';
import { setupError } from '../setup-errors.js';

/** A method that is a command. */
export interface DeclaredCommand {
  /** The name that clients use. */
  readonly name: string;
  readonly method: string;
  readonly options: RpcCommandOptions;
}

/**
 * The commands that a class and its ancestors declare, ancestors first. An
 * overriding method is a command too, with its own options where it has some.
 *
 * @throws SnorkySetupError when two methods declare one name.
 */
export function declaredCommands(
  classRef: abstract new (...args: never[]) => unknown,
): DeclaredCommand[] {
  const byMethod = new Map<string, DeclaredCommand>();
  for (const prototype of prototypesOf(classRef.prototype as object)) {
    for (const method of Object.getOwnPropertyNames(prototype)) {
      const value: unknown = Object.getOwnPropertyDescriptor(
        prototype,
        method,
      )?.value;
      if (typeof value !== 'function') continue;
      const options = Reflect.getMetadata(COMMAND_METADATA, value) as
        RpcCommandOptions | undefined;
      if (options === undefined) continue;
      byMethod.set(method, { name: options.name ?? method, method, options });
    }
  }
  const names = new Set<string>();
  for (const { name } of byMethod.values()) {
    if (names.has(name)) {
      throw setupError('SNORKY_COMMAND_TWICE', classRef.name, name);
    }
    names.add(name);
  }
  return [...byMethod.values()];
}

function prototypesOf(prototype: object): object[] {
  const chain: object[] = [];
  let current: object | null = prototype;
  while (current !== null && current !== Object.prototype) {
    chain.unshift(current);
    current = Object.getPrototypeOf(current) as object | null;
  }
  return chain;
}
