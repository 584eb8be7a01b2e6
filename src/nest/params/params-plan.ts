import type { ParamMetadata } from '../decorators/rpc-params.decorator.js';
import type { NamedParams } from './named-params.js';
import type { ValueCheck } from './value-check.js';

/** Where one argument of a command's method comes from. */
export type ParamSlot =
  | { readonly from: 'request' | 'client' | 'enhancer' }
  | {
      readonly from: 'params';
      /** One parameter, undefined while absent; without a name all of them. */
      readonly name?: string;
      readonly check?: ValueCheck | undefined;
      /** What knows the fields of the value, also where a pipe checks it. */
      readonly explain?: ValueCheck | undefined;
    };

/** How a command's method gets its arguments. */
export interface ParamsPlan {
  /** By index. */
  readonly slots: readonly ParamSlot[];
  /** Present when the command names its parameters. */
  readonly names?: NamedParams;
  /** Nest's metadata of decorated parameters, by its keys. */
  readonly decorated?: Readonly<Record<string, ParamMetadata>>;
  /** Whether only Nest's pipeline can make the arguments. */
  readonly needsPipeline: boolean;
  /** Whether a check may answer by a promise. */
  readonly mayWait: boolean;
  /** Whether callers learn what is wrong with their params. */
  readonly exposed: boolean;
}
