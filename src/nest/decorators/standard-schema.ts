/**
 * The part of the Standard Schema interface (standardschema.dev, version 1)
 * that is used here. It is declared here so that no schema library is a
 * dependency.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** The result of validating a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value, or with a part of it. */
export interface SchemaIssue {
  readonly message: string;
  /** The keys that lead to the part. */
  readonly path?:
    readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Whether a value is a Standard Schema. The schemas of some libraries are
 * functions.
 */
export function isStandardSchema(value: unknown): value is StandardSchema {
  return (
    ((typeof value === 'object' && value !== null) ||
      typeof value === 'function') &&
    typeof (value as Partial<StandardSchema>)['~standard']?.validate ===
      'function'
  );
}
