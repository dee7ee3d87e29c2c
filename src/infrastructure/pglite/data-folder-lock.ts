import { readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
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

/* Folders open in this process: their lock files carry its own pid, like one that a crash left behind may. */
const openFolders = new Set<string>();

/** Keeps a data folder to one app at a time; the returned function gives it back. */
export async function lockDataFolder(dataDir: string): Promise<() => Promise<void>> {
  const folder = resolve(dataDir);
  const lockFile = `${folder}.lock`;
  if (openFolders.has(folder)) throw new DataFolderInUse(dataDir, process.pid, lockFile);
  openFolders.add(folder);
  try {
    await takeLock(dataDir, lockFile);
  } catch (error) {
    openFolders.delete(folder);
    throw error;
  }
  return async () => {
    await rm(lockFile, { force: true });
    openFolders.delete(folder);
  };
}

async function takeLock(dataDir: string, lockFile: string): Promise<void> {
  for (;;) {
    try {
      // Fails if the file exists, so that of two processes one wins.
      await writeFile(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = Number(await readFile(lockFile, 'utf8').catch(() => ''));
    if (pid !== process.pid && isRunning(pid)) throw new DataFolderInUse(dataDir, pid, lockFile);
    await rm(lockFile, { force: true });
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists but belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
