import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { AnnalsError } from '../../domain/index.ts';

/** Another process, or another app of this one, has the data folder open; two would overwrite each other. */
export class DataFolderInUse extends AnnalsError {
  readonly code = 'data-folder-in-use';
  readonly dataDir: string;
  /** The process that holds it. */
  readonly pid: number;

  constructor(dataDir: string, pid: number, lockFile: string) {
    super(
      `The data folder "${dataDir}" is open in process ${pid}. Stop that process, or use another folder; ` +
        `for several processes use postgres(). If process ${pid} is no app of yours, remove "${lockFile}".`,
    );
    this.dataDir = dataDir;
    this.pid = pid;
  }
}

/** What a lock file says of who holds it. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

const beatMs = 2_000;
// A holder that has not touched its file for so long is gone; PGlite may keep a process busy for some seconds.
const staleAfterMs = 15_000;

/* Folders open in this process: their lock files carry its own pid, like one that a crash left behind may. */
const openFolders = new Set<string>();

/**
 * Keeps a data folder to one app at a time; the returned function gives it back, and may be called again.
 *
 * A lock that a dead process left is taken over: at once on the same machine, elsewhere (a container that was
 * replaced) once its file has not been touched for fifteen seconds.
 *
 * @param folder - its one true path, without links: two that name one folder must not find two locks
 * @param dataDir - how the app called it
 */
export async function lockDataFolder(folder: string, dataDir: string): Promise<() => Promise<void>> {
  const lockFile = `${folder}.lock`;
  if (openFolders.has(folder)) throw new DataFolderInUse(dataDir, process.pid, lockFile);
  openFolders.add(folder);
  const holder: Holder = { pid: process.pid, host: hostname(), token: randomUUID() };
  try {
    await takeLock(dataDir, lockFile, holder);
  } catch (error) {
    openFolders.delete(folder);
    throw error;
  }
  const beat = setInterval(
    () => void utimes(lockFile, new Date(), new Date()).catch(() => undefined),
    beatMs,
  );
  beat.unref();
  return async () => {
    clearInterval(beat);
    if ((await readHolder(lockFile))?.token === holder.token) await rm(lockFile, { force: true });
    openFolders.delete(folder);
  };
}

async function takeLock(dataDir: string, lockFile: string, holder: Holder): Promise<void> {
  const draft = `${lockFile}.${holder.token}`;
  await writeFile(draft, JSON.stringify(holder));
  try {
    // A link comes into being with its content, and only one can have the name.
    while (!(await linkIfFree(draft, lockFile))) {
      const other = await readHolder(lockFile);
      if (other !== undefined && (await isAlive(other, lockFile))) {
        throw new DataFolderInUse(dataDir, other.pid, lockFile);
      }
      await removeStale(lockFile, other, `${draft}.stale`);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function linkIfFree(draft: string, lockFile: string): Promise<boolean> {
  try {
    await link(draft, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/* Moved aside before it is looked at again: if another process has put a fresh lock there, it goes back. */
async function removeStale(lockFile: string, judged: Holder | undefined, aside: string): Promise<void> {
  try {
    await rename(lockFile, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved !== undefined && moved.token !== judged?.token) await linkIfFree(aside, lockFile);
  await rm(aside, { force: true });
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, host }: Holder, lockFile: string): Promise<boolean> {
  if (host === hostname()) return pid !== process.pid && isRunning(pid);
  const touched = await stat(lockFile).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs < staleAfterMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
