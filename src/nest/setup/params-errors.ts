/** Errors in the parameters of commands. */
export const PARAMS_ERRORS = {
  SNORKY_TYPES_MISSING: (who: string) =>
    `The parameters of ${who} cannot be checked: there are no types at run ` +
    'time. Set emitDecoratorMetadata and use a compiler that emits them (tsc, ' +
    'SWC; tsx and plain esbuild do not); or use schemas, or say ' +
    '@RpcCommand({ unchecked: true }).',
  SNORKY_PARAMS_UNCHECKED: (who: string, reflected: string, name?: string) =>
    name === undefined
      ? `The params of ${who} cannot be checked: at run time their type is only ` +
        `"${reflected}". If it is a class, import the class, not its type ` +
        '(no `import type`); an interface, Partial<T> or Record must become a ' +
        'class with class-validator decorators or a schema ' +
        '(@RpcCommand({ params: schema })); or say @RpcCommand({ unchecked: true }) ' +
        'and check them yourself.'
      : `Parameter "${name}" of ${who} cannot be checked: at run time its type ` +
        `is only "${reflected}". Give it a schema or a pipe ` +
        `(@RpcParam('${name}', schema)). If it is a class of yours, import the ` +
        'class, not its type (no `import type`); or say ' +
        '@RpcCommand({ unchecked: true }) and check it yourself.',
  SNORKY_PARAMS_UNDECORATED: (who: string, dto: string, name?: string) =>
    `${name === undefined ? 'The params' : `Parameter "${name}"`} of ${who} ` +
    `cannot be checked: no property of ${dto} has a class-validator decorator, ` +
    'so that every call would be refused. Add decorators, or say ' +
    '@RpcCommand({ unchecked: true }).',
  SNORKY_SCHEMA_UNUSED: (who: string) =>
    `${who} has a schema for its params as one object, and does not take them ` +
    'so: the schema would check nothing. Give each parameter its own ' +
    "(@RpcParam('name', schema)), or take all of them with @RpcParams().",
  SNORKY_PARAMETER_BARE: (who: string, index: number) =>
    `Parameter ${index + 1} of ${who} has no decorator while others have. Add ` +
    "@RpcParam('name'), @RpcParams(), @CurrentRequest() or @ConnectedClient().",
  SNORKY_VALIDATOR_MISSING: (who: string) =>
    `${who} takes a DTO class, which needs two packages. Run: npm install ` +
    'class-validator class-transformer',
  SNORKY_VALIDATION_ERRORS_INVALID: (given: unknown) =>
    "The option `validationErrors` is 'expose' or 'hide', not " +
    `${String(given)}.`,
} as const;
