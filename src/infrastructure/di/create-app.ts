import 'reflect-metadata';
import { Container } from 'inversify';
import type { App } from './app.ts';
import type { AppOptions } from './assemble.ts';
import { bindAnnals } from './bind-annals.ts';

/**
 * Starts an application: opens the store, makes handlers and projectors, and runs the projections.
 *
 * Stop it with `await app.stop()`, or declare it with `await using`.
 *
 * @param bind - binds what handlers and projectors are given besides Annals' own, before they are made
 * @throws {InvalidModules} lists everything that is wrong with the modules
 * @throws {StoreUnavailable} the store cannot be reached
 */
export async function createApp(options: AppOptions, bind?: (container: Container) => void): Promise<App> {
  const container = new Container();
  bind?.(container);
  return bindAnnals(container, options);
}
