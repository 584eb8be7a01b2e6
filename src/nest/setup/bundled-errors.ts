/** Errors of a bundled service: its options, its dealers, its routes. */
export const BUNDLED_ERRORS = {
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
} as const;
