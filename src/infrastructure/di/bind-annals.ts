import 'reflect-metadata';
import type { Container } from 'inversify';
import type { AggregateOf, AggregateRoot, AggregateSource, Class } from '../../domain/index.ts';
import {
  CommandBus,
  Consumers,
  EventEmitter,
  EventReader,
  EventReplay,
  Health,
  Query,
  QueryBus,
  repositoryOf,
} from '../../application/index.ts';
import type { Repository } from '../../application/index.ts';
import { handledMessageOf } from '../../application/handles.ts';
import { EventSourcedRepository } from '../../application/replay/repository.ts';
import { Projections, ReadModelProjector, ReadModels } from '../../projections/index.ts';
import type { App } from './app.ts';
import { assemble } from './assemble.ts';
import type { AppOptions, Parts } from './assemble.ts';
import { InvalidModules, checkModules } from './check-modules.ts';
import { ModuleCatalog } from './module-catalog.ts';
import { tokens } from './tokens.ts';

/**
 * Starts Annals in a container that the application already has.
 *
 * Binds the buses, `EventReplay`, `EventReader`, `EventEmitter`, `ReadModels`, `Projections`, `Consumers` and `Health` by class, ports by `tokens`,
 * repositories by `repositoryOf`, and every handler and projector as a singleton, unless it is bound already.
 *
 * If it fails, the container is left as it was.
 *
 * @throws {InvalidModules} lists everything that is wrong with the modules
 * @throws {StoreUnavailable} the store cannot be reached
 */
export async function bindAnnals(container: Container, options: AppOptions): Promise<App> {
  const catalog = new ModuleCatalog(options.modules);
  checkModules(catalog);
  const parts = await assemble(options, catalog);
  container.snapshot();
  try {
    bindParts(container, parts);
    for (const source of catalog.sources) {
      container.bind(repositoryOf(source)).toConstantValue(newRepository(source, parts));
    }
    await resolveClasses(container, catalog, parts);
    for (const { register } of options.modules) register?.(parts.registry);
    await parts.projections.start();
    return toApp(container, parts, catalog);
  } catch (error) {
    container.restore();
    await shutDown(parts);
    throw error;
  }
}

async function shutDown({ commands, queries, units, emitter, projections, ...parts }: Parts): Promise<void> {
  // Commands first: from then on they are refused, and none of those under way waits for what has ended.
  await Promise.all([commands.drain(), queries.drain(), units.drain()]);
  await emitter.flush();
  // Event handlers dispatch commands and emit events as long as projections run.
  await projections.stop();
  await emitter.flush();
  await parts.snapshots.flush();
  parts.stopObserving();
  await parts.store[Symbol.asyncDispose]();
}

function bindParts(container: Container, parts: Parts): void {
  container.bind(CommandBus).toConstantValue(parts.commands);
  container.bind(QueryBus).toConstantValue(parts.queries);
  container.bind(EventReader).toConstantValue(parts.reader);
  container.bind(EventReplay).toConstantValue(parts.replay);
  container.bind(EventEmitter).toConstantValue(parts.emitter);
  container.bind(ReadModelProjector).toConstantValue(parts.registry);
  container.bind(ReadModels).toConstantValue(parts.readModels);
  container.bind(Projections).toConstantValue(parts.projections);
  container.bind(Consumers).toConstantValue(parts.consumers);
  container.bind(Health).toConstantValue(parts.health);
  container.bind(tokens.eventStore).toConstantValue(parts.store.events);
  container.bind(tokens.eventSerializer).toConstantValue(parts.serializer);
  container.bind(tokens.clock).toConstantValue(parts.clock);
  container.bind(tokens.ids).toConstantValue(parts.ids);
  container.bind(tokens.logger).toConstantValue(parts.logger);
}

function newRepository<Source extends AggregateSource>(
  source: Source,
  { replay, units, scope }: Parts,
): Repository<AggregateOf<Source> & AggregateRoot> {
  return new EventSourcedRepository(source, replay, units, scope);
}

async function resolveClasses(container: Container, catalog: ModuleCatalog, parts: Parts): Promise<void> {
  const problems: string[] = [];
  for (const handlerClass of catalog.handlers) {
    const handler = await resolve(container, handlerClass, problems);
    const message = handledMessageOf(handlerClass)!;
    const bus = message.prototype instanceof Query ? parts.queries : parts.commands;
    if (handler !== undefined) bus.register(message, handler as never);
  }
  for (const projectorClass of catalog.projectors) {
    const projector = await resolve(container, projectorClass, problems);
    if (projector !== undefined) parts.registry.registerProjector(projector, projectorClass);
  }
  if (problems.length > 0) throw new InvalidModules(problems);
}

async function resolve(container: Container, type: Class, problems: string[]): Promise<object | undefined> {
  const constructible = type as unknown as new () => object;
  if (!container.isBound(constructible)) container.bind(constructible).toSelf().inSingletonScope();
  try {
    return await container.getAsync(constructible);
  } catch (error) {
    const [reason = 'unknown reason'] = (error as Error).message.split('\n');
    problems.push(`${type.name} could not be made: ${reason}${adviceFor(reason)}`);
    return undefined;
  }
}

/* The container names what is missing, but not where it should have come from. */
function adviceFor(reason: string): string {
  const repository = /No bindings found.*Repository<(.+)>/.exec(reason);
  if (repository !== null) return ` List ${repository[1]} in a module's aggregates.`;
  return reason.startsWith('No bindings found') ? ' Bind it: createApp(options, container => …).' : '';
}

function toApp(container: Container, parts: Parts, catalog: ModuleCatalog): App {
  const { store, commands, queries, emitter, replay, serializer, reader, projections, readModels, health } =
    parts;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= shutDown(parts));
  return {
    ...{ commands, queries, emitter, replay, serializer, reader, projections, readModels, health, container },
    consumers: parts.consumers,
    events: store.events,
    aggregates: catalog.sources,
    messages: catalog.handlers.map(handler => handledMessageOf(handler)!),
    logger: parts.logger,
    repository: source => container.get(repositoryOf(source)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
