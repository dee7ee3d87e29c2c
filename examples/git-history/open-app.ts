import { existsSync } from 'node:fs';
import { createApp, embedded, memory, postgres } from 'annals/di';
import type { App } from 'annals/di';
import { NothingImported } from './errors.ts';
import { gitHistory } from './git-history-module.ts';

/**
 * Starts the application on the store that the command line names.
 *
 * @param store - `memory`, `postgres://…` or a folder
 * @throws {StoreUnavailable} the store cannot be reached
 */
export function openApp(store: string): Promise<App> {
  // No command runs twice here, so there is nothing that keeping aggregates would speed up.
  return createApp({ store: storeOf(store), modules: [gitHistory], cachedAggregates: 0 });
}

/** Like `openApp`, but makes no folder where there is none. @throws {NothingImported} the folder is missing */
export async function openFilledApp(store: string): Promise<App> {
  const isMissing = store === 'memory' || (!isUrl(store) && !existsSync(store));
  if (isMissing) throw new NothingImported(store);
  return openApp(store);
}

function storeOf(store: string): ReturnType<typeof memory> {
  if (store === 'memory') return memory();
  return isUrl(store) ? postgres(store) : embedded(store);
}

function isUrl(store: string): boolean {
  return /^postgres(ql)?:\/\//.test(store);
}
