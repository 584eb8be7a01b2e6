import type { ParamMetadata } from '../decorators/rpc-params.decorator.js';
import type { NamedParams } from './named-params.js';
import type { ValueCheck } from './value-check.js';

/** The source of one argument of a command's method. */
export type ParamSlot =
  | { readonly from: 'request' | 'client' | 'enhancer' }
  | {
      readonly from: 'params';
      /** The name of one parameter; absent for all params together. */
      readonly name?: string;
      readonly check?: ValueCheck | undefined;
      /** Finds out which fields are wrong, even where a pipe does the check. */
      readonly explain?: ValueCheck | undefined;
    };

/** How a command's method gets its arguments. */
export interface ParamsPlan {
  /** The arguments, by index. */
  readonly slots: readonly ParamSlot[];
  /** Present when the command names its parameters. */
  readonly names?: NamedParams;
  /** Nest's metadata of decorated parameters, by its keys. */
  readonly decorated?: Readonly<Record<string, ParamMetadata>>;
  /** Whether only Nest's pipeline can make the arguments. */
  readonly needsPipeline: boolean;
  /** Whether a check may return a promise. */
  readonly mayWait: boolean;
  /** Whether callers learn what is wrong with their params. */
  readonly exposed: boolean;
}
