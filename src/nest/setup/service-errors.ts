/**
 * Errors of a service: its names, its commands, its stand-ins, and its
 * enhancers.
 */
export const SERVICE_ERRORS = {
  SNORKY_REGISTRY_UNKNOWN: (who: string, registry: string, known: string) =>
    `${who} names registry "${registry}", but SnorkyModule.forRoot() has ` +
    `only: ${known}. Add the registry there, or name one of these.`,
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
  SNORKY_SERVICE_UNMARKED: (who: string) =>
    `${who} has @RpcCommand() methods but is no service. Add ` +
    "@SnorkyService('name') to the class, or register it with forFeature().",
} as const;
