/** "annals": everything that aggregates, handlers and projectors are made of. */
export * from './domain/index.ts';
export * from './application/index.ts';
export * from './projections/index.ts';
