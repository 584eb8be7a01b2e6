import type { DeclaredCommand } from '../decorators/declared-commands.js';
import type { ParamMetadata } from '../decorators/rpc-params.decorator.js';
import { setupError } from '../setup/setup-errors.js';
import { isOwnClass, typeCheck } from './declared-type.js';
import {
  dtoCheck,
  hasValidators,
  schemaCheck,
  type Validation,
  type ValueCheck,
} from './value-check.js';

/** Loads the packages behind DTO classes, or fails with what to install. */
export type LoadValidation = (who: string) => Promise<Validation>;

/** What is known of a command while its plan is made. */
export interface PlanContext {
  readonly who: string;
  readonly types: readonly unknown[];
  /** Parameters before the first with a default value. */
  readonly arity: number;
  readonly command: DeclaredCommand;
  readonly loadValidation: LoadValidation;
  readonly exposed: boolean;
}

/** The check of all params together; undefined where none was asked for. */
export async function paramsCheck(
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
export async function namedCheck(
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
export async function explained(
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
