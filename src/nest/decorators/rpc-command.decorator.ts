import { applyDecorators, SetMetadata } from '@nestjs/common';
import { COMMAND_METADATA } from '../setup/constants.js';
import { ofThisCopy } from '../setup/package-copies.js';
import type { ValidationErrors } from '../options/validation-errors.js';
import type { StandardSchema } from './standard-schema.js';

/** How a command is called. */
export interface RpcCommandOptions {
  /** The name that clients use. @default the method's */
  readonly name?: string;
  /**
   * The command may reply later, through the request, or never: a result of
   * null or undefined is no reply. Any other result replies at once.
   * @default false
   */
  readonly async?: boolean;
  /** Checks and transforms `params`. Any Standard Schema: Zod, Valibot, ArkType. */
  readonly params?: StandardSchema;
  /**
   * Takes `params` as they come, any object. The command checks them itself.
   * @default false
   */
  readonly unchecked?: boolean;
  /**
   * `expose`: callers whose params do not fit get an {@link InvalidParamsValue}
   * for a form to show, in place of `Invalid params`. Parameters that are missing
   * by name, or unknown, are answered with those words in any case.
   * @default what `SnorkyModule.forRoot` says, else 'hide'
   */
  readonly validationErrors?: ValidationErrors;
}

/**
 * Makes a method a command. A promise that it returns is awaited, of an
 * Observable the last value is taken; what it throws becomes the call's error (see `RpcError`).
 *
 * Without parameter decorators it takes `(params, request)`. `params` is checked
 * against its class (class-validator; unknown properties are refused) or against
 * the schema given here; whatever does not fit is answered `Invalid params`.
 */
export function RpcCommand(options: RpcCommandOptions = {}): MethodDecorator {
  return applyDecorators(
    ({ constructor }: object) => ofThisCopy(constructor),
    SetMetadata(COMMAND_METADATA, options),
  );
}
