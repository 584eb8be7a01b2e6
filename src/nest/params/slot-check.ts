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

/**
 * Loads the packages behind DTO classes. Throws an error that says what to
 * install.
 */
export type LoadValidation = (who: string) => Promise<Validation>;

/** What is known of a command while its plan is made. */
export interface PlanContext {
  readonly who: string;
  readonly types: readonly unknown[];
  /** The number of parameters before the first one with a default value. */
  readonly arity: number;
  readonly command: DeclaredCommand;
  readonly loadValidation: LoadValidation;
  readonly exposed: boolean;
}

/** The check of all params together; undefined where none is declared. */
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
  // A pipe is trusted to turn the value into the declared type.
  if (command.options.unchecked === true || pipes.length > 0) return undefined;
  const type = types[index];
  // A union, an interface or `unknown`: any JSON fits, as far as reflection
  // knows.
  if (type === Object) return undefined;
  // SWC has no type for a parameter without a declared one, and none for the
  // type of a default value. In other places an undefined type is a class that
  // a circular import has not made yet.
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
 * Finds out which fields a pipe has refused: by the check, or by the class
 * where the pipe does the check. Called only where faults are exposed.
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
