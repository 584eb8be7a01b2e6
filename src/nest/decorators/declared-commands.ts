import { COMMAND_METADATA } from '../setup/constants.js';
import type { RpcCommandOptions } from './rpc-command.decorator.js';
import { setupError } from '../setup/setup-errors.js';

/** A method that is a command. */
export interface DeclaredCommand {
  /** The name that clients use. */
  readonly name: string;
  readonly method: string;
  readonly options: RpcCommandOptions;
  /**
   * The prototype of the class that declares the command; subclasses inherit
   * it.
   */
  readonly owner: object;
}

/**
 * The commands that a class and its ancestors declare, ancestors first. A
 * method that overrides a command is a command too. It may have options of its
 * own.
 *
 * @throws SnorkySetupError when two methods declare one name.
 */
export function declaredCommands(
  classRef: abstract new (...args: never[]) => unknown,
): DeclaredCommand[] {
  const byMethod = new Map<
    string,
    DeclaredCommand & { readonly declaredBy: object }
  >();
  for (const prototype of prototypesOf(classRef.prototype as object)) {
    for (const method of Object.getOwnPropertyNames(prototype)) {
      const value: unknown = Object.getOwnPropertyDescriptor(
        prototype,
        method,
      )?.value;
      if (typeof value !== 'function') continue;
      const options = Reflect.getMetadata(COMMAND_METADATA, value) as
        RpcCommandOptions | undefined;
      if (options === undefined) {
        checkOverride(classRef, method, byMethod.get(method)?.declaredBy);
        continue;
      }
      byMethod.set(method, {
        name: options.name ?? method,
        method,
        options,
        owner: prototype,
        declaredBy: value,
      });
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

/**
 * Refuses a method that overrides a command with guards, pipes and the like,
 * and has none of these decorators itself. They belong to the overridden
 * method, so the override would run without them.
 */
function checkOverride(
  classRef: { readonly name: string },
  method: string,
  overridden: object | undefined,
): void {
  if (overridden === undefined) return;
  const others = Reflect.getOwnMetadataKeys(overridden).filter(
    (key) => key !== COMMAND_METADATA,
  );
  if (others.length > 0) {
    throw setupError('SNORKY_OVERRIDE_BARE', classRef.name, method);
  }
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
