/**
 * Errors in the way that clients connect: gateways, endpoints, backends,
 * servers.
 */
export const CONNECTION_ERRORS = {
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
  SNORKY_EVENTS_LISTENER: (registry: string, listener: string) =>
    `The events of registry "${registry}" are for ${listener}, which no module ` +
    'provides, or which has no method onRegistryEvent(). Provide it, or remove it ' +
    'from the option `events`.',
  SNORKY_OPTION_INVALID: (registry: string, problem: string) =>
    `The options of registry "${registry}" cannot be used: ${problem}`,
  SNORKY_OPTION_LATE: (registry: string, kind: string) =>
    `The factory of forRootAsync() has ${kind} options for registry ` +
    `"${registry}", which has no ${kind}. Give its path beside the factory: ` +
    `registries: { ${registry}: { ${kind}: { path } } }.`,
  SNORKY_KEY_MISSING: (registry: string) =>
    `The backend of registry "${registry}" has no key. Give ` +
    '`http: { key }` in forRoot() or in the factory of forRootAsync().',
} as const;
