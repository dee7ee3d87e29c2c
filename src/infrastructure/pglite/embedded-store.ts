import type { PGlite } from '@electric-sql/pglite';
import type { StoreFactory } from '../../application/ports/store.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import { AnnalsError } from '../../domain/index.ts';
import { openSqlStore } from '../postgres/sql-store.ts';
import { isInMemory, makeDataFolder } from './data-folder.ts';
import { lockDataFolder } from './data-folder-lock.ts';
import { MissingPackage } from '../../application/missing-package.ts';
import { PGliteClient } from './pglite-client.ts';

/** Options of an embedded store. */
export interface EmbeddedOptions {
  /** Where the tables are; default `annals`. */
  readonly schema?: string | undefined;
}

/**
 * Keeps everything in PostgreSQL inside this process (PGlite): no server, only files.
 *
 * One process at a time may have a folder open. Needs the package `@electric-sql/pglite`.
 *
 * @param dataDir - a folder or its `file:///` URL, made if it is missing; `memory://` keeps nothing
 * @throws {DataFolderInUse} (on opening) another process or app has the folder open, by whichever path
 * @throws {InvalidDataFolder} (on opening) it names no folder
 */
export function embedded(dataDir: string, options: EmbeddedOptions = {}): StoreFactory {
  return {
    async open(services) {
      const { PGlite: Database } = await loadPGlite();
      const { path, unlock } = await lockFolder(dataDir);
      try {
        const database = await Database.create(path);
        const client = new PGliteClient(database, unlock);
        return await openSqlStore(client, services, options.schema);
      } catch (error) {
        await unlock();
        throw unusable(dataDir, error);
      }
    },
  };
}

/* PGlite gets the path that is locked: it would read a URL in its own way, and take its schemes for other stores. */
async function lockFolder(dataDir: string): Promise<{ path: string; unlock: () => Promise<void> }> {
  if (isInMemory(dataDir)) return { path: dataDir, unlock: () => Promise.resolve() };
  try {
    const path = await makeDataFolder(dataDir);
    return { path, unlock: await lockDataFolder(path, dataDir) };
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

function unusable(dataDir: string, error: unknown): Error {
  if (error instanceof AnnalsError) return error;
  return new StoreUnavailable(`The data folder "${dataDir}" could not be opened.`, { cause: error });
}

async function loadPGlite(): Promise<{ PGlite: typeof PGlite }> {
  try {
    return await import('@electric-sql/pglite');
  } catch (error) {
    throw new MissingPackage('@electric-sql/pglite', 'The embedded store', error);
  }
}
