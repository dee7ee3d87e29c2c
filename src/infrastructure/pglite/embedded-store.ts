import type { PGlite } from '@electric-sql/pglite';
import { mkdir } from 'node:fs/promises';
import type { StoreFactory } from '../../application/ports/store.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import { AnnalsError } from '../../domain/index.ts';
import { openSqlStore } from '../postgres/sql-store.ts';
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
 * @param dataDir - a folder, made if it is missing; `memory://` keeps nothing
 * @throws {DataFolderInUse} (on opening) another process has the folder open
 */
export function embedded(dataDir: string, options: EmbeddedOptions = {}): StoreFactory {
  return {
    async open(services) {
      const { PGlite: Database } = await loadPGlite();
      const unlock = await makeFolder(dataDir);
      try {
        const database = await Database.create(dataDir);
        const client = new PGliteClient(database, unlock);
        return await openSqlStore(client, services, options.schema);
      } catch (error) {
        await unlock();
        throw unusable(dataDir, error);
      }
    },
  };
}

async function makeFolder(dataDir: string): Promise<() => Promise<void>> {
  if (dataDir.includes('://')) return () => Promise.resolve();
  try {
    await mkdir(dataDir, { recursive: true });
    return await lockDataFolder(dataDir);
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
