/** What to `@inject` for a port, which is an interface and has no class to inject by. */
export const tokens = {
  eventStore: Symbol.for('annals.EventStore'),
  eventSerializer: Symbol.for('annals.EventSerializer'),
  clock: Symbol.for('annals.Clock'),
  ids: Symbol.for('annals.IdGenerator'),
  logger: Symbol.for('annals.Logger'),
} as const;
