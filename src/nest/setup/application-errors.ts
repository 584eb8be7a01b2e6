/**
 * Errors of the application as a whole: its root module, its adapter, its
 * packages.
 */
export const APPLICATION_ERRORS = {
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
  SNORKY_MODULE_LAZY: (who: string, module: string) =>
    `${who} of ${module} was loaded lazily, when services and gateways had been ` +
    'looked for: clients would not reach it, nor would it guard anything. ' +
    `Import ${module} in a module that is there from the start.`,
  SNORKY_ROOT_LAZY: () =>
    'SnorkyModule.forRoot() was loaded lazily, when the application was ' +
    'listening already: nobody could connect. Import it in the root module.',
  SNORKY_NEST_OLD: (name: string, found: string, floor: string) =>
    `${name} ${found} is too old: it leaves out guards of services without a ` +
    `word. Run: npm install ${name}@^${floor}`,
  SNORKY_NEST_UNKNOWN: (what: string) =>
    `This version of @nestjs/core keeps ${what} where Snorky cannot find them, ` +
    'so that guards could silently be left out. Use a version that the README ' +
    'names under "Tested with", or a newer Snorky.',
  SNORKY_BROKER_START: (problem: string) =>
    `The broker could not start: ${problem}. Check what it was told of where to ` +
    'connect, and that it can be reached from here.',
  SNORKY_SHUTDOWN_INVALID: (given: unknown) =>
    'The option `shutdownTimeout` must be a number of milliseconds from 0 up, ' +
    `not ${String(given)}.`,
  SNORKY_LOG_INVALID: (problem: string) =>
    `The option \`log\` cannot be used: ${problem}`,
} as const;
