import { isPromiseLike } from '../../core/promise-like.js';
import { InvalidParams } from '../../core/rpc/rpc-error.js';
import { isJsonObject } from '../../protocol/json.js';
import type { ValidationError } from 'class-validator';
import { FieldFaults } from './field-faults.js';
import type { StandardSchema } from '../decorators/standard-schema.js';

/**
 * Turns a value that came over the wire into the one that a command gets.
 *
 * `check` throws `Invalid params`, or rejects with it.
 */
export interface ValueCheck {
  /** Whether `check` may return a promise. */
  readonly mayWait: boolean;
  check(value: unknown): unknown;
}

/**
 * The error for a value that does not fit.
 *
 * @param path The path of the value: the parameter's name, empty for all
 *   params.
 * @param must What would fit.
 */
export function unfit(path: string, must: string): InvalidParams {
  const what = path === '' ? 'params' : `"${path}"`;
  return new InvalidParams(`${what} ${must}`, [{ path, messages: [must] }]);
}

/**
 * Checks that a value has the JSON type that reflection names. Null has none.
 */
export function primitiveCheck(
  type: 'number' | 'string' | 'boolean',
  path: string,
): ValueCheck {
  return {
    mayWait: false,
    check(value) {
      if (typeof value !== type) throw unfit(path, `must be a ${type}`);
      return value;
    },
  };
}

/**
 * Checks that a value is a list. Reflection does not tell the type of its
 * items.
 */
export function arrayCheck(path: string): ValueCheck {
  return {
    mayWait: false,
    check(value) {
      if (Array.isArray(value)) return value as unknown;
      throw unfit(path, 'must be an array');
    },
  };
}

/** Checks a value by a Standard Schema, and takes what the schema returns. */
export function schemaCheck(schema: StandardSchema, path: string): ValueCheck {
  const accept = (
    result: Awaited<ReturnType<StandardSchema['~standard']['validate']>>,
  ): unknown => {
    if (result.issues === undefined) return result.value;
    const faults = new FieldFaults();
    faults.addIssues(result.issues, path);
    throw new InvalidParams(undefined, faults.list);
  };
  return {
    mayWait: true,
    check(value) {
      const result = schema['~standard'].validate(value);
      return isPromiseLike(result) ? result.then(accept) : accept(result);
    },
  };
}

type Class = new (...args: never[]) => object;

/**
 * The two packages behind DTO classes, loaded when the first such class is met.
 */
export interface Validation {
  readonly validator: typeof import('class-validator');
  readonly transformer: typeof import('class-transformer');
}

/** The error for a parameter that the command does not name. */
export function unknownName(name: string): InvalidParams {
  return new InvalidParams(`"${name}" is unknown`);
}

/** Whether any property of a class has a class-validator decorator. */
export function hasValidators({ validator }: Validation, dto: Class): boolean {
  return (
    validator
      .getMetadataStorage()
      .getTargetValidationMetadatas(dto, '', false, false).length > 0
  );
}

/**
 * Makes an instance of a class whose properties have class-validator
 * decorators. Properties without decorators are refused, and so is a value that
 * is no object.
 */
export function dtoCheck(
  validation: Validation,
  dto: Class,
  path: string,
): ValueCheck {
  const { validate, validateSync } = validation.validator;
  const { plainToInstance } = validation.transformer;
  const options = {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
  };
  const accept = (
    instance: object,
    errors: readonly ValidationError[],
  ): object => {
    if (errors.length === 0) return instance;
    const faults = new FieldFaults();
    faults.addErrors(errors, path);
    throw faults.unknown === undefined
      ? new InvalidParams(undefined, faults.list)
      : unknownName(faults.unknown);
  };
  const instantiate = (value: unknown): object => {
    if (!isJsonObject(value)) throw unfit(path, 'must be an object');
    // class-transformer silently leaves these out, so the validator would not
    // see an unknown property.
    for (const key of Object.keys(value)) {
      if (isInherited(dto, key)) throw unknownName(key);
    }
    return plainToInstance(dto as new () => object, value);
  };
  if (!hasAsyncConstraints(validation)) {
    return {
      mayWait: false,
      check(value) {
        const instance = instantiate(value);
        return accept(instance, validateSync(instance, options));
      },
    };
  }
  return {
    mayWait: true,
    check(value) {
      const instance = instantiate(value);
      return validate(instance, options).then((errors) =>
        accept(instance, errors),
      );
    },
  };
}

/**
 * Whether a class has a method of a name, or anything else that cannot be set.
 */
function isInherited(dto: Class, key: string): boolean {
  if (key === '__proto__') return true;
  let prototype: unknown = dto.prototype;
  while (typeof prototype === 'object' && prototype !== null) {
    const member = Object.getOwnPropertyDescriptor(prototype, key);
    if (member !== undefined) return member.set === undefined;
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}

/**
 * Whether there may be an asynchronous constraint anywhere in the process:
 * `validateSync` would silently take it for fulfilled. Constraints need not say
 * whether they are asynchronous; only class-validator's own are known not to
 * be. If class-validator does not list them, assume that there is one: the
 * asynchronous way is slower and always right.
 */
function hasAsyncConstraints({ validator }: Validation): boolean {
  const constraints: unknown = Reflect.get(
    validator.getMetadataStorage(),
    'constraintMetadatas',
  );
  if (!(constraints instanceof Map)) return true;
  // class-validator exports the name of each of its constraints (`IS_NUMBER`,
  // ...).
  const own = new Set<unknown>(Object.values(validator));
  for (const list of constraints.values()) {
    if (!Array.isArray(list)) return true;
    for (const { async, name } of list as { async?: unknown; name?: unknown }[])
      if (async !== false || typeof name !== 'string' || !own.has(name))
        return true;
  }
  return false;
}
