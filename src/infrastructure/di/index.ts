/** "annals/di": puts an application together, over inversify. */
export type { App } from './app.ts';
export type { AppOptions } from './assemble.ts';
export { bindAnnals } from './bind-annals.ts';
export { InvalidModules } from './check-modules.ts';
export { createApp } from './create-app.ts';
export { defineModule } from './module.ts';
export type { AnnalsModule, HandlerClass, ModuleDefinition } from './module.ts';
export { tokens } from './tokens.ts';
export { memory } from '../memory/memory-store.ts';
export { embedded } from '../pglite/embedded-store.ts';
export type { EmbeddedOptions } from '../pglite/embedded-store.ts';
export { InvalidDataFolder } from '../pglite/data-folder.ts';
export { DataFolderInUse } from '../pglite/data-folder-lock.ts';
export { MissingPackage } from '../../application/missing-package.ts';
export type { PgAnswer, PgPool, PgPoolClient, PgQuery } from '../postgres/pg-pool.ts';
export { postgres } from '../postgres/postgres-store.ts';
export type { PostgresOptions } from '../postgres/postgres-store.ts';
export { consoleLogger, silentLogger } from '../system/console-logger.ts';
