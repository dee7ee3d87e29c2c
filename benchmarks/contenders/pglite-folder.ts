import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnnalsLog } from './annals.ts';

/** A folder that is removed when it is disposed. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
}

let template: Promise<string> | undefined;

/** A folder with an embedded database that has the tables of Annals and no events. */
export async function pgliteFolder(): Promise<Folder> {
  const source = await (template ??= makeTemplate());
  const path = await newFolder();
  await cp(source, path, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => remove(path) };
}

/** Removes what the folders were copied from; the next one makes it anew. */
export async function removeTemplate(): Promise<void> {
  const source = template;
  template = undefined;
  if (source !== undefined) await remove(await source);
}

/* Made once, because making a database takes seconds and copying one does not. */
async function makeTemplate(): Promise<string> {
  const path = await newFolder();
  const log = await AnnalsLog.embedded(path);
  await log[Symbol.asyncDispose]();
  return path;
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'annals-bench-'));
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
