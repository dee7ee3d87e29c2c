import { afterEach } from '@jest/globals';
import { createApp, memory, silentLogger } from 'annals/di';
import type { App, AppOptions } from 'annals/di';
import { bankModule } from './bank.ts';

const apps: App[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

/** Starts the bank on the memory store; it is stopped after the test. */
export async function startBank(options: Partial<AppOptions> = {}): Promise<App> {
  const app = await createApp({ store: memory(), modules: [bankModule], logger: silentLogger, ...options });
  apps.push(app);
  return app;
}

/** The version of an account's stream. */
export async function versionOf(app: App, aggregateId: string): Promise<number> {
  return app.events.streamVersion({ aggregateType: 'account', aggregateId });
}
