import { applyDecorators, SetMetadata } from '@nestjs/common';
import { COMMAND_METADATA } from '../setup/constants.js';
import { ofThisCopy } from '../setup/package-copies.js';
import type { ValidationErrors } from '../options/validation-errors.js';
import type { StandardSchema } from './standard-schema.js';

/** The options of a command. */
export interface RpcCommandOptions {
  /** The name that clients use. @default the method's */
  readonly name?: string;
  /**
   * The command may reply later through the request, or never: null or
   * undefined as its result is no reply. Any other result is the reply.
   * @default false
   */
  readonly async?: boolean;
  /**
   * Checks and transforms `params`: any Standard Schema, such as one of Zod,
   * Valibot or ArkType.
   */
  readonly params?: StandardSchema;
  /**
   * The command gets `params` unchecked, as any object, and checks them itself.
   * @default false
   */
  readonly unchecked?: boolean;
  /**
   * `expose`: callers whose params do not fit get an
   * {@link InvalidParamsValue}, which a form can show, in place of
   * `Invalid params`. It never names parameters that are missing or unknown:
   * those are always answered `Invalid params`.
   * @default what `SnorkyModule.forRoot` says, else 'hide'
   */
  readonly validationErrors?: ValidationErrors;
}

/**
 * Makes a method a command. If it returns a promise, the promise is awaited; of
 * an Observable the last value is the result. What it throws becomes the call's
 * error (see `RpcError`).
 *
 * Without parameter decorators the method gets `(params, request)`. `params` is
 * checked against its class (class-validator; unknown properties are refused)
 * or against the schema given here. Params that do not fit are answered
 * `Invalid params`.
 */
export function RpcCommand(options: RpcCommandOptions = {}): MethodDecorator {
  return applyDecorators(
    ({ constructor }: object) => ofThisCopy(constructor),
    SetMetadata(COMMAND_METADATA, options),
  );
}
