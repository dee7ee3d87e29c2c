import type { App } from 'annals/di';
import { NothingImported } from './errors.ts';
import { ImportProgress, importId } from './import-progress.ts';
import type { ImportState } from './import-progress.ts';

/** How far the import of a store is, and the version of its stream; 0 if nothing was imported. */
export async function loadProgress(
  app: App,
): Promise<{ readonly state: ImportState; readonly version: number }> {
  const progress = (await app.replay.findAggregate(ImportProgress, importId)) ?? new ImportProgress();
  return { state: progress.state, version: progress.version };
}

/** How far the import of a store is. @throws {NothingImported} it holds no whole commit */
export async function requireHistory(app: App, store: string): Promise<ImportState> {
  const { state } = await loadProgress(app);
  if (state.commits === 0) throw new NothingImported(store);
  return state;
}
