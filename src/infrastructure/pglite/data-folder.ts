import { mkdir, realpath } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AnnalsError } from '../../domain/index.ts';

/** The embedded store was given a place that is neither a folder nor `memory://`. */
export class InvalidDataFolder extends AnnalsError {
  readonly code = 'invalid-data-folder';
  readonly dataDir: string;

  constructor(dataDir: string, options?: ErrorOptions) {
    super(
      `The embedded store cannot keep its data in "${dataDir}". Give the path of a folder, a file:/// URL of one, ` +
        'or "memory://"; for a server use postgres().',
      options,
    );
    this.dataDir = dataDir;
  }
}

const scheme = /^[a-z][a-z\d+.-]*:\/\//i;

/** Whether a store keeps nothing, so that any number of them may be open. */
export function isInMemory(dataDir: string): boolean {
  return dataDir.startsWith('memory://');
}

/**
 * Makes a folder if it is missing; returns its one true path, by whichever links or URL it was named.
 *
 * @throws {InvalidDataFolder} it names no folder
 */
export async function makeDataFolder(dataDir: string): Promise<string> {
  const path = pathOf(dataDir);
  await mkdir(path, { recursive: true });
  return realpath(path);
}

function pathOf(dataDir: string): string {
  if (dataDir.trim() === '') throw new InvalidDataFolder(dataDir);
  if (!scheme.test(dataDir)) return dataDir;
  try {
    return fileURLToPath(dataDir);
  } catch (error) {
    throw new InvalidDataFolder(dataDir, { cause: error });
  }
}
