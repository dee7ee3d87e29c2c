import type { PGlite } from '@electric-sql/pglite';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { MissingPackage } from '../../../application/missing-package.ts';
import { PGliteClient } from '../../pglite/pglite-client.ts';
import { migrate } from '../../postgres/migrate.ts';
import { Statements } from '../../postgres/statements.ts';

/** The schemas of a template, empty and with all migrations; as many as scenarios often run side by side. */
export const templateSchemas = ['annals_test_1', 'annals_test_2', 'annals_test_3'] as const;

/**
 * Starts PostgreSQL inside this process, in memory, with empty schemas of Annals in it.
 *
 * Making a database and its tables takes seconds of computing, and reading one takes a fraction of that. So the first
 * start leaves what it has made in `node_modules/.cache/annals`, for all processes after it; without such a folder, or
 * without the right to write there, every start makes its own.
 */
export async function startFromTemplate(): Promise<PGlite> {
  const { PGlite: Database } = await loadPGlite();
  const file = await templateFile();
  const bytes = file === undefined ? undefined : await readTemplate(file);
  if (bytes !== undefined) {
    try {
      return await Database.create({ loadDataDir: new Blob([bytes]) });
    } catch {
      // Whatever it is, it is no database any more; the next one is as good as it was.
    }
  }
  const database = await Database.create('memory://');
  for (const schema of templateSchemas) await migrate(new PGliteClient(database), new Statements(schema));
  if (file !== undefined) await writeTemplate(file, database);
  return database;
}

async function loadPGlite(): Promise<{ PGlite: typeof PGlite }> {
  try {
    return await import('@electric-sql/pglite');
  } catch (error) {
    throw new MissingPackage('@electric-sql/pglite', 'A scenario with tables', error);
  }
}

/* One for each version of PGlite, whose files another cannot be trusted to read, and for each state of the tables. */
async function templateFile(): Promise<string | undefined> {
  const main = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const { version } = JSON.parse(await readFile(join(dirname(main), '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const made = templateSchemas.flatMap(schema => new Statements(schema).migrations().map(({ text }) => text));
  const hash = createHash('sha256').update(made.join('\n')).digest('hex').slice(0, 16);
  const modules = nearestModules(process.cwd());
  return modules && join(modules, '.cache', 'annals', `pglite-${version}-${hash}.tar.gz`);
}

function nearestModules(folder: string): string | undefined {
  const modules = join(folder, 'node_modules');
  if (existsSync(modules)) return modules;
  return dirname(folder) === folder ? undefined : nearestModules(dirname(folder));
}

async function readTemplate(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await promisify(gunzip)(await readFile(file)));
  } catch {
    return undefined;
  }
}

/* Under another name first, so that nobody reads half of it. */
async function writeTemplate(file: string, database: PGlite): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    const dump = await database.dumpDataDir('none');
    const bytes = await promisify(gzip)(new Uint8Array(await dump.arrayBuffer()), { level: 1 });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, bytes);
    await rename(draft, file);
  } catch {
    // A folder that nobody may write to costs time at the next start, and nothing else.
    await rm(draft, { force: true }).catch(() => undefined);
  }
}
