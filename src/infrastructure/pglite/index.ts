/** "annals/pglite": event store and read models on PostgreSQL inside the process. */
export { DataFolderInUse } from './data-folder-lock.ts';
export { InvalidDataFolder } from './data-folder.ts';
export { embedded } from './embedded-store.ts';
export type { EmbeddedOptions } from './embedded-store.ts';
export { MissingPackage } from '../../application/missing-package.ts';
