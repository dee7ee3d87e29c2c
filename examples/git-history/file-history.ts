import type { App } from 'annals/di';
import { UnknownPath } from './errors.ts';
import { fileIdOf, readTypedPath } from './path-encoding.ts';
import { TrackedFile } from './tracked-file.ts';

/**
 * One line for each event of a file, oldest first.
 *
 * @param typedPath - in the form that `at` prints, or as the file is named
 * @throws {UnknownPath} no such file ever existed
 */
export async function* fileHistory(app: App, typedPath: string): AsyncIterable<string> {
  let isKnown = false;
  const id = fileIdOf(readTypedPath(typedPath));
  for await (const { type, payload } of app.replay.replayEvents(TrackedFile, id)) {
    isKnown = true;
    const { commit, time, mode, blob, author } = payload;
    yield [commit, time, type, mode, blob, author].join('  ');
  }
  if (!isKnown) throw new UnknownPath(typedPath);
}
