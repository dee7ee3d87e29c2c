import type { PGlite } from '@electric-sql/pglite';
import { mkdir } from 'node:fs/promises';
import type { StoreFactory } from '../../application/ports/store.ts';
import { openSqlStore } from '../postgres/sql-store.ts';
import { MissingPackage } from './missing-package.ts';
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
 */
export function embedded(dataDir: string, options: EmbeddedOptions = {}): StoreFactory {
  return {
    async open(services) {
      const database = await openDatabase(dataDir);
      return openSqlStore(new PGliteClient(database), services, options.schema);
    },
  };
}

async function openDatabase(dataDir: string): Promise<PGlite> {
  const { PGlite: Database } = await loadPGlite();
  if (!dataDir.includes('://')) await mkdir(dataDir, { recursive: true });
  return Database.create(dataDir);
}

async function loadPGlite(): Promise<{ PGlite: typeof PGlite }> {
  try {
    return await import('@electric-sql/pglite');
  } catch (error) {
    throw new MissingPackage('@electric-sql/pglite', 'The embedded store', error);
  }
}
