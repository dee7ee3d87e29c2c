import { AggregateRoot, AnnalsError, eventTypeOf } from '../../domain/index.ts';
import type { Class } from '../../domain/index.ts';
import { aggregateTypeOf, snapshotOptionsOf } from '../../domain/aggregate.ts';
import { copiesItself } from '../../domain/aggregate-root.ts';
import { handlersOf } from '../../domain/on.ts';
import { handledMessageOf } from '../../application/handles.ts';
import { DocumentProjector, EventHandler, TableProjector } from '../../projections/index.ts';
import { projectorInfoOf } from '../../projections/projector.ts';
import { hasHiddenFields } from '../serialization/hidden-fields.ts';
import { unmakeableClasses } from '../serialization/unmakeable-classes.ts';
import type { ModuleCatalog } from './module-catalog.ts';

/** The modules do not fit together; every problem is listed. */
export class InvalidModules extends AnnalsError {
  readonly code = 'invalid-modules';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(`The modules have ${count}:\n${problems.map(problem => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Finds everything that is wrong with the modules before anything starts. @throws {InvalidModules} */
export function checkModules(catalog: ModuleCatalog): void {
  const problems = [
    ...aggregateProblems(catalog),
    ...catalog.aggregates.flatMap(snapshotProblems),
    ...eventProblems(catalog),
    ...catalog.upcasters.problems,
    ...handlerProblems(catalog),
    ...projectorProblems(catalog),
  ];
  if (problems.length > 0) throw new InvalidModules(problems);
}

function aggregateProblems({ aggregates }: ModuleCatalog): string[] {
  const isUnnamed = (type: Class): boolean => nameOf(type) === undefined;
  const unnamed = aggregates.filter(isUnnamed).map(type => `${type.name} has no @Aggregate('name').`);
  const foreign = aggregates
    .filter(type => !(type.prototype instanceof AggregateRoot))
    .map(type => `${type.name} is listed in aggregates but does not extend AggregateRoot.`);
  const named = aggregates.filter(type => !isUnnamed(type));
  const twice = duplicates(named, type => [nameOf(type)!]).map(
    ([name, types]) => `The aggregate name "${name}" is used by ${list(types)}. Rename one.`,
  );
  return [...unnamed, ...foreign, ...twice];
}

function snapshotProblems(type: Class): string[] {
  const options = snapshotOptionsOf(type);
  if (options === undefined) return [];
  const { version } = options;
  const { toSnapshot, fromSnapshot } = type.prototype as Record<string, unknown>;
  const problems: string[] = [];
  // The column of the store takes no more.
  if (!Number.isInteger(version) || version < 1 || version > 2_147_483_647) {
    problems.push(`The snapshots version of ${type.name} is ${version}. Give a whole number from 1.`);
  }
  if ((toSnapshot === undefined) !== (fromSnapshot === undefined)) {
    problems.push(`${type.name} has only one of toSnapshot() and fromSnapshot(). Write the other one, too.`);
  }
  if (!copiesItself(type) && hasHiddenFields(type)) {
    problems.push(
      `${type.name} has snapshots and #private fields, which nobody can copy from outside. Make them ` +
        "TypeScript's private, or write toSnapshot() and fromSnapshot().",
    );
  }
  return problems;
}

function nameOf(type: Class): string | undefined {
  try {
    return aggregateTypeOf(type);
  } catch {
    return undefined;
  }
}

function eventProblems(catalog: ModuleCatalog): string[] {
  const events = [...catalog.events];
  const unnamed = events
    .filter(event => eventTypeOf(event) === undefined)
    .map(event => `${event.name} is used as an event but has no @Event('aggregate.past_tense_verb').`);
  const named = events.filter(event => eventTypeOf(event) !== undefined);
  const twice = duplicates(named, event => [eventTypeOf(event)!.name, ...eventTypeOf(event)!.aliases]).map(
    ([name, classes]) => `The event name "${name}" is used by ${list(classes)}. Rename one.`,
  );
  const unreadable = named.flatMap(event =>
    unmakeableClasses(event).map(({ type, error }) => unmakeableProblem(event, type, error)),
  );
  return [...unnamed, ...twice, ...unreadable];
}

function unmakeableProblem(event: Class, type: Class, error: unknown): string {
  const owner = type === event ? event.name : `${type.name}, of which ${event.name} has fields,`;
  return (
    `${owner} could be stored and never read: class-transformer calls its constructor without arguments, and it ` +
    `threw "${error instanceof Error ? error.message : String(error)}". Let it bear that, or take its decorators off.`
  );
}

function handlerProblems({ handlers, messages }: ModuleCatalog): string[] {
  const undecorated = handlers
    .filter(handler => handledMessageOf(handler) === undefined)
    .map(handler => `${handler.name} is listed in handlers but has no @Handles(Message).`);
  const decorated = handlers.filter(handler => handledMessageOf(handler) !== undefined);
  const byMessage = groupBy(decorated, handler => handledMessageOf(handler)!);
  const twice = [...byMessage]
    .filter(([, classes]) => classes.length > 1)
    .map(([message, classes]) => `${message.name} is handled by ${list(classes)}. Keep one.`);
  const unhandled = messages
    .filter(message => !byMessage.has(message as never))
    .map(message => `${message.name} has no handler. Write one with @Handles(${message.name}).`);
  return [...undecorated, ...twice, ...unhandled];
}

function projectorProblems(catalog: ModuleCatalog): string[] {
  const { projectors, events } = catalog;
  const named = projectors.filter(projector => projectorInfoOf(projector) !== undefined);
  const unnamed = projectors
    .filter(projector => !named.includes(projector))
    .map(projector => `${projector.name} is listed in projectors but has no @Projector('name').`);
  const twice = duplicates(named, projector => [projectorInfoOf(projector)!.name]).map(
    ([name, classes]) => `The projector name "${name}" is used by ${list(classes)}. Rename one.`,
  );
  const shapes = named.flatMap(projector => shapeProblems(projector));
  const unknown = projectors.flatMap(projector =>
    handlersOf(projector)
      .filter(({ eventClass }) => !events.has(eventClass))
      .map(
        ({ eventClass, method }) =>
          `${projector.name}.${String(method)} handles ${eventClass.name}, which no module knows. ` +
          `List it in a module's events.`,
      ),
  );
  return [...unnamed, ...twice, ...shapes, ...unknown];
}

function shapeProblems(projector: Class): string[] {
  const { name, mode, version } = projectorInfoOf(projector)!;
  const problems: string[] = [];
  const bases = [DocumentProjector, TableProjector, EventHandler];
  if (!bases.some(base => projector.prototype instanceof base)) {
    problems.push(`${projector.name} extends neither DocumentProjector, TableProjector nor EventHandler.`);
  }
  if (!/^[a-z][a-z0-9_]{0,27}$/.test(name)) {
    problems.push(
      `The projector name "${name}" of ${projector.name} is not usable: up to 28 lower-case letters, digits and ` +
        'underscores, beginning with a letter.',
    );
  }
  if (!Number.isInteger(version) || version < 1) {
    problems.push(`The version of projector ${projector.name} is ${version}. Give a whole number from 1.`);
  }
  if (mode === 'live' && !(projector.prototype instanceof DocumentProjector)) {
    problems.push(`${projector.name} is live, but only a DocumentProjector can be.`);
  }
  if (mode === 'inline' && projector.prototype instanceof EventHandler) {
    problems.push(`${projector.name} is inline, but an EventHandler runs behind the appends.`);
  }
  if (handlersOf(projector).length === 0) problems.push(`${projector.name} has no @On method.`);
  return problems;
}

function duplicates(
  classes: readonly Class[],
  namesOf: (type: Class) => readonly string[],
): [string, Class[]][] {
  const named = classes.flatMap(type => namesOf(type).map(name => ({ name, type })));
  const byName = groupBy(named, ({ name }) => name);
  return [...byName]
    .filter(([, users]) => users.length > 1)
    .map(([name, users]) => [name, users.map(({ type }) => type)]);
}

function groupBy<T, Key>(values: readonly T[], keyOf: (value: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}

function list(classes: readonly Class[]): string {
  const names = classes.map(type => type.name);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
