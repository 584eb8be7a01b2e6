/**
 * Everything that can be wrong with a set-up, by its stable code. Each sentence
 * says what to do.
 */
const SETUP_ERRORS = {
  SNORKY_ADAPTER_MISSING: () =>
    'Snorky needs its WebSocket adapter. Add this line before app.listen() or ' +
    'app.init():\n\n    app.useWebSocketAdapter(new SnorkyWsAdapter(app));\n',
  SNORKY_ROOT_MISSING: (service: string) =>
    `Service "${service}" has no registry to be in. Import ` +
    'SnorkyModule.forRoot({ registries: ... }) in the root module.',
  SNORKY_COPIES: (copies: string, remedy: string) =>
    'Several copies of snorky are in one application, and they share nothing: ' +
    `${copies}. Have one of them: ${remedy}`,
  SNORKY_ROOT_TWICE: () =>
    'SnorkyModule.forRoot() was imported twice. Call it once, in the root ' +
    'module, with all registries; everything else can inject them.',
  SNORKY_REGISTRY_UNKNOWN: (who: string, registry: string, known: string) =>
    `${who} names registry "${registry}", but SnorkyModule.forRoot() has ` +
    `only: ${known}. Add the registry there, or name one of these.`,
  SNORKY_MODULE_LAZY: (who: string, module: string) =>
    `${who} of ${module} was loaded lazily, when services and gateways had been ` +
    'looked for: clients would not reach it, nor would it guard anything. ' +
    `Import ${module} in a module that is there from the start.`,
  SNORKY_ROOT_LAZY: () =>
    'SnorkyModule.forRoot() was loaded lazily, when the application was ' +
    'listening already: nobody could connect. Import it in the root module.',
  SNORKY_NAME_TAKEN: (
    name: string,
    registry: string,
    first: string,
    second: string,
  ) =>
    (first === second
      ? `${first} is registered twice as service "${name}" of registry `
      : `Both ${first} and ${second} are service "${name}" of registry `) +
    `"${registry}". Give one of them another name.`,
  SNORKY_NAME_RESERVED: (name: string, who: string) =>
    `${who} is named "${name}", which is the name of the registry itself: ` +
    'connections are negotiated under it. Give the service another name.',
  SNORKY_STAND_IN_DECORATED: (who: string, meant: string) =>
    `${who} stands for ${meant}, and has decorators of its own: nobody could ` +
    `tell which hold. Extend ${meant}, or leave out the decorators: then those ` +
    `of ${meant} hold, its guards included.`,
  SNORKY_STAND_IN_PARTIAL: (
    who: string,
    left: string,
    overridden: string,
    own: string,
  ) =>
    `${who} injects ${left}, while ${overridden}, another name of the same ` +
    `service, is overridden: it would have the service itself. Override ${own}, ` +
    'which all of them follow.',
  SNORKY_STAND_IN_SCOPED: (meant: string) =>
    `A value stands for ${meant}, around which something request-scoped runs. ` +
    'Nest makes such things for what it makes itself: use `useFactory` or ' +
    '`useClass` instead of `useValue`.',
  SNORKY_SERVICE_EMPTY: (who: string) =>
    `${who} has no command. Decorate a method with @RpcCommand(), or extend ` +
    'Service and implement processMessageFrom().',
  SNORKY_SERVICE_RAW: (who: string, command: string) =>
    `${who} extends Service, whose messages are raw, but has the command ` +
    `"${command}". Extend RpcService, or nothing at all.`,
  SNORKY_SERVICE_SCOPED: (who: string) =>
    `${who} keeps state for its clients, so there is one instance of it. Yet ` +
    'it would be request-scoped, by its own scope or because it, or a guard, ' +
    'pipe, interceptor or filter that applies to it, injects something ' +
    'request-scoped. Make those singletons (Scope.DEFAULT), or do not apply ' +
    'them to this service.',
  SNORKY_SERVICE_TRANSIENT: (who: string) =>
    `${who} is transient, so that every class that injects it has another ` +
    'one. Remove `scope: Scope.TRANSIENT`.',
  SNORKY_SERVICE_AMBIGUOUS: (who: string, name: string, registries: string) =>
    `${who} injects service "${name}", which exists in several registries: ` +
    `${registries}. Write @InjectService('${name}', '<registry>').`,
  SNORKY_CLASS_AMBIGUOUS: (who: string, service: string, services: string) =>
    `${who} injects ${service} by its class, which stands for several ` +
    `services: ${services}. Write @InjectService('<name>', '<registry>').`,
  SNORKY_COMMAND_TWICE: (who: string, command: string) =>
    `${who} declares the command "${command}" twice. Give one method another ` +
    'name with @RpcCommand({ name }).',
  SNORKY_OVERRIDE_BARE: (who: string, method: string) =>
    `${who} overrides the command ${method}() without decorators, while the ` +
    'overridden one has more than @RpcCommand(): its guards, pipes or other ' +
    'metadata would not apply. Repeat the decorators on the override.',
  SNORKY_OVERRIDE_DROPS: (who: string, decorator: string, enhancer: string) =>
    `${who} overrides a command that has ${decorator}(${enhancer}), which ` +
    `does not apply to the override. Repeat it there, or write ${decorator}() ` +
    'to do without.',
  SNORKY_ENHANCER_UNBOUND: (
    who: string,
    kind: string,
    enhancer: string,
    why: string,
  ) => `The ${kind} ${enhancer} on ${who} would never run: ${why}`,
  SNORKY_GLOBAL_UNBOUND: (token: string, enhancer: string) =>
    `${enhancer} is provided as ${token}, but Nest does not run it: its module ` +
    'is loaded lazily, or it needs what is made for each request. Provide it ' +
    'in a module that is there from the start, as a singleton or with ' +
    '`scope: Scope.REQUEST`.',
  SNORKY_NEST_OLD: (name: string, found: string, floor: string) =>
    `${name} ${found} is too old: it leaves out guards of services without a ` +
    `word. Run: npm install ${name}@^${floor}`,
  SNORKY_NEST_UNKNOWN: (what: string) =>
    `This version of @nestjs/core keeps ${what} where Snorky cannot find them, ` +
    'so that guards could silently be left out. Use a version that the README ' +
    'names under "Tested with", or a newer Snorky.',
  SNORKY_TYPES_MISSING: (who: string) =>
    `The parameters of ${who} cannot be checked: there are no types at run ` +
    'time. Set emitDecoratorMetadata and use a compiler that emits them (tsc, ' +
    'SWC; tsx and plain esbuild do not); or use schemas, or say ' +
    '@RpcCommand({ unchecked: true }).',
  SNORKY_SERVICE_UNMARKED: (who: string) =>
    `${who} has @RpcCommand() methods but is no service. Add ` +
    "@SnorkyService('name') to the class, or register it with forFeature().",
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
  SNORKY_GATEWAY_TWICE: (registry: string, first: string, second: string) =>
    `Both ${first} and ${second} are the gateway of registry "${registry}". ` +
    'Keep one: it decides who may connect.',
  SNORKY_GATEWAY_USELESS: (who: string, registry: string) =>
    `${who} is the gateway of registry "${registry}", which has no websocket. ` +
    'Add `websocket: { path }` to the registry, or remove the gateway.',
  SNORKY_GATEWAY_PLACE: (who: string) =>
    `${who} uses @SnorkyGateway but is no provider of a static class. List it ` +
    'under `providers` as a class.',
  SNORKY_GATEWAY_UNLISTED: (who: string, registry: string, path: string) =>
    `${who} decides who may connect to registry "${registry}", but no module ` +
    `lists it, so that "${path}" would be open to everybody. List it under ` +
    '`providers`. If this application is meant to have no gateway, say so: ' +
    `\`websocket: { path: '${path}', open: true }\`. If it belongs to another ` +
    'application of this process, create that one first.',
  SNORKY_GATEWAY_OPEN: (who: string, registry: string, path: string) =>
    `The endpoint "${path}" of registry "${registry}" says \`open: true\`, but ` +
    `${who} decides who may connect there. Remove one of the two.`,
  SNORKY_SERVER_INVALID: (what: string) =>
    `WebSocketHost.attach() was given ${what}. Give it a server: what ` +
    'createServer() of node:http or node:https returns, or createSecureServer() ' +
    'of node:http2 with allowHTTP1.',
  SNORKY_SERVER_LATE: () =>
    'WebSocketHost.attach() was called when the application had closed. Attach ' +
    'servers while it is there.',
  SNORKY_PATH_TAKEN: (path: string) =>
    `The path "${path}" is used twice. Give every endpoint its own.`,
  SNORKY_PATH_INVALID: (path: string) =>
    `"${path}" is no path for an endpoint. It starts with "/", and has no ` +
    'query and no trailing slash.',
  SNORKY_OPTION_INVALID: (registry: string, problem: string) =>
    `The options of registry "${registry}" cannot be used: ${problem}`,
  SNORKY_SERVICE_OPTION_INVALID: (service: string, problem: string) =>
    `The options of service "${service}" cannot be used: ${problem}`,
  SNORKY_DEALER_INVALID: (service: string) =>
    `Service "${service}" was given something else than a dealer. Extend one of ` +
    'the dealer classes, or Dealer; what a test puts there too: ' +
    'overrideProvider(AllTasks).useClass(FakeTasks).',
  SNORKY_DEALER_MODEL: (who: string) =>
    `${who} has no model. Say whose deltas it is given: ` +
    "readonly model = 'Task';",
  SNORKY_DEALER_UNNAMED: (service: string) =>
    `A dealer of service "${service}" has no name, because its class has none. ` +
    "Give it one: readonly name = '...';",
  SNORKY_DEALER_NAME: (name: string, service: string) =>
    `Service "${service}" has two dealers named "${name}". Give one of them ` +
    "another name: readonly name = '...';",
  SNORKY_DEALER_SHARED: (name: string, service: string) =>
    `Dealer "${name}" of service "${service}" is another service's already. ` +
    'Give each service an instance of its own.',
  SNORKY_SUBSCRIBABLE_PLACE: (who: string) =>
    `${who} uses @Subscribable() but is no HTTP route. Add @Get() or the like; ` +
    'elsewhere, call DataSyncService.snapshot() instead.',
  SNORKY_SUBSCRIBABLE_TWICE: (who: string) =>
    `${who} uses @Subscribable() twice. Give one of them a function with all ` +
    'items: @Subscribable(() => [{ dealer, query }, ...]).',
  SNORKY_SUBSCRIBABLE_MODULE: (who: string) =>
    `${who} uses @Subscribable(), but there is no DataSync service. Import ` +
    'DataSyncModule.register({ dealers }) in the root module. In a test that ' +
    'overrides it, let it be a DataSyncService.',
  SNORKY_SUBSCRIBABLE_SERVICE: (who: string, asked: string, known: string) =>
    `${who} uses @Subscribable() with DataSync service ${asked}, by which not ` +
    `exactly one is meant of: ${known}. Say which as the last argument: ` +
    '{ service, registry }.',
  SNORKY_SUBSCRIBABLE_DEALER: (
    who: string,
    dealer: string,
    service: string,
    known: string,
  ) =>
    `${who} subscribes to dealer "${dealer}", but service "${service}" has ` +
    `only: ${known}. Add it to DataSyncModule.register({ dealers }), or name ` +
    'one of these.',
  SNORKY_SUBSCRIBABLE_AMBIGUOUS: (
    who: string,
    dealer: string,
    service: string,
    names: string,
  ) =>
    `${who} subscribes to ${dealer} by its class, which stands for several ` +
    `dealers of service "${service}": ${names}. Write the name of one of them.`,
  SNORKY_SUBSCRIBABLE_QUERY: (who: string, dealer: string, problem: string) =>
    `${who} subscribes to dealer "${dealer}" with a query that it refuses: ` +
    `${problem}. Correct the query of @Subscribable().`,
  SNORKY_SUBSCRIBABLE_PARTIAL: (who: string, problem: string) =>
    `${who} uses @Subscribable() for a part of the rows, but ${problem}. Write ` +
    "{ partial: true, orderedBy: ['createdAt', 'id'] }, or leave orderedBy out.",
  SNORKY_SUBSCRIBABLE_TOKEN: (who: string, problem: string) =>
    `${who} uses @Subscribable() with options of its tokens, but ${problem}. ` +
    'Write { bearer: true }, { expiresIn: 3_600_000 } or { expiresAt: ({ user }) ' +
    '=> user.expires }.',
  SNORKY_SHUTDOWN_INVALID: (given: unknown) =>
    'The option `shutdownTimeout` must be a number of milliseconds from 0 up, ' +
    `not ${String(given)}.`,
  SNORKY_LOG_INVALID: (problem: string) =>
    `The option \`log\` cannot be used: ${problem}`,
  SNORKY_VALIDATION_ERRORS_INVALID: (given: unknown) =>
    "The option `validationErrors` is 'expose' or 'hide', not " +
    `${String(given)}.`,
  SNORKY_OPTION_LATE: (registry: string, kind: string) =>
    `The factory of forRootAsync() has ${kind} options for registry ` +
    `"${registry}", which has no ${kind}. Give its path beside the factory: ` +
    `registries: { ${registry}: { ${kind}: { path } } }.`,
  SNORKY_KEY_MISSING: (registry: string) =>
    `The backend of registry "${registry}" has no key. Give ` +
    '`http: { key }` in forRoot() or in the factory of forRootAsync().',
} as const;

type SetupErrors = typeof SETUP_ERRORS;

/** The stable code of a set-up error. */
export type SetupErrorCode = keyof SetupErrors;

/**
 * The application is put together in a way that cannot be meant. Thrown at
 * start-up, never later.
 */
export class SnorkySetupError extends Error {
  constructor(
    readonly code: SetupErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'SnorkySetupError';
  }
}

/** @internal */
export function setupError<Code extends SetupErrorCode>(
  code: Code,
  ...details: Parameters<SetupErrors[Code]>
): SnorkySetupError {
  const describe = SETUP_ERRORS[code] as (...details: unknown[]) => string;
  return new SnorkySetupError(code, describe(...details));
}
