import type { Operation } from '../../application/ports/operation.ts';
import type {
  NamedVersion,
  NewProjection,
  ProjectionChanges,
  ProjectionId,
  ProjectionState,
  ProjectionStates,
  ProjectionsView,
} from '../../application/ports/projection-states.ts';
import { BuildInUse, ViewTaken } from '../../application/ports/read-model-errors.ts';
import type { ProjectionTables } from '../../application/ports/read-model-store.ts';
import { isSameBuild } from '../../application/same-build.ts';
import { recordOperation } from './operation-rows.ts';
import {
  addedIndexes,
  createTables,
  dependentViews,
  otherTablesOfView,
  renewView,
  replaceView,
  tableName,
  tablePrefix,
  tablesOf,
  tablesOfBuild,
  viewName,
  viewsOfProjection,
} from './read-model-tables.ts';
import type { SqlParameter, SqlRow, SqlRunner } from './sql-client.ts';
import { sqlCode } from './sql-errors.ts';
import type { Statements } from './statements.ts';

// What PostgreSQL says to other columns.
const invalidTableDefinition = '42P16';
const dependentObjectsStillExist = '2BP01';

/** The builds of projections in tables. */
export class SqlProjectionStates implements ProjectionStates {
  readonly #runner: SqlRunner;
  readonly #statements: Statements;

  constructor(runner: SqlRunner, statements: Statements) {
    this.#runner = runner;
    this.#statements = statements;
  }

  async lock(name: string): Promise<ProjectionsView> {
    await this.#run('lock_projection', [name]);
    await this.#run('lock_checkpoints', [name]);
    const { nodes, projections } = readView((await this.#run('projection_states', []))[0]!);
    return { nodes, projections: projections.filter(projection => projection.name === name) };
  }

  async add(projection: NewProjection, tables: ProjectionTables, like?: ProjectionId): Promise<void> {
    const { status, maxEventsPerSecond = null, shards, startAt } = projection;
    const { swapsByItself = false, allowsParked = false } = projection;
    await this.#runner.runScript(createTables(this.#statements.schema, projection, tables));
    if (like !== undefined) await this.#copyIndexes(like, projection, tables);
    await this.#run('add_projection', [
      ...keyOf(projection),
      ...[status, String(swapsByItself), maxEventsPerSecond, shards, startAt, String(allowsParked)],
    ]);
  }

  async publish(projection: ProjectionId): Promise<void> {
    const { schema } = this.#statements;
    const prefix = tablePrefix(projection);
    const tables = await this.#runner.run({ text: tablesOfBuild }, [schema, prefix]);
    const shown = new Set<string>();
    for (const [table] of tables) {
      const view = viewName(schema, projection.name, table!.slice(prefix.length));
      await this.#requireOwn(view, projection.name);
      await this.#show(view, `${schema}.${table!}`);
      shown.add(view);
    }
    const views = await this.#runner.run({ text: viewsOfProjection }, [schema, projection.name]);
    const outdated = views.map(([view]) => `${schema}.${view!}`).filter(view => !shown.has(view));
    for (const view of outdated) await this.#unlessInUse(view, `drop view ${view}`);
  }

  async change(projection: ProjectionId, changes: ProjectionChanges): Promise<void> {
    const { projections } = await this.lock(projection.name);
    const old = projections.find(state => isSameBuild(state, projection));
    if (old === undefined) return;
    const { status, writtenBy, isPaused, swapsByItself, maxEventsPerSecond, heldBecause } = {
      ...old,
      ...changes,
    };
    await this.#run('change_projection', [
      ...keyOf(projection),
      ...[status, writtenBy, String(isPaused), String(swapsByItself)],
      ...[maxEventsPerSecond ?? null, heldBecause ?? null],
    ]);
  }

  async setPosition(projection: ProjectionId, position: number): Promise<void> {
    await this.#run('set_position', [...keyOf(projection), position]);
  }

  async restart(projection: ProjectionId): Promise<void> {
    await this.#run('restart_shards', keyOf(projection));
  }

  async reshard(projection: ProjectionId, shards: number): Promise<void> {
    await this.#run('reshard_projection', [...keyOf(projection), shards]);
  }

  async setVersion(projection: ProjectionId, version: number): Promise<void> {
    await this.#run('set_projection_version', [...keyOf(projection), version]);
  }

  async remove(projection: ProjectionId): Promise<void> {
    const { schema } = this.#statements;
    const rows = await this.#runner.run({ text: tablesOfBuild }, [schema, tablePrefix(projection)]);
    for (const [table] of rows)
      await this.#unlessInUse(`${schema}.${table!}`, `drop table ${schema}.${table!}`);
    await this.#run('remove_projection', keyOf(projection));
  }

  async record(operation: Operation): Promise<void> {
    await recordOperation(this.#runner, this.#statements, operation);
  }

  async setGivenUp({ name, version }: NamedVersion, isGivenUp: boolean): Promise<void> {
    await this.#run(isGivenUp ? 'give_up_version' : 'take_up_version', [name, version]);
  }

  async isGivenUp({ name, version }: NamedVersion): Promise<boolean> {
    return (await this.#run('find_given_up_version', [name, version])).length > 0;
  }

  /* Names of projections and tables are put together, so those of two may give one. */
  async #requireOwn(view: string, name: string): Promise<void> {
    const [other] = await this.#runner.run({ text: otherTablesOfView }, [view, name]);
    if (other !== undefined) throw new ViewTaken(view, name, `"${other[0]!}"`);
  }

  async #show(view: string, table: string): Promise<void> {
    await this.#runner.runScript('savepoint annals_view');
    try {
      await this.#runner.runScript(replaceView(view, table));
    } catch (error) {
      if (sqlCode(error) !== invalidTableDefinition) throw error;
      await this.#runner.runScript('rollback to savepoint annals_view');
      await this.#unlessInUse(view, renewView(view, table));
    }
    await this.#runner.runScript('release savepoint annals_view');
  }

  async #unlessInUse(relation: string, script: string): Promise<void> {
    await this.#runner.runScript('savepoint annals_removal');
    try {
      await this.#runner.runScript(script);
    } catch (error) {
      if (sqlCode(error) !== dependentObjectsStillExist) throw error;
      await this.#runner.runScript('rollback to savepoint annals_removal');
      const views = await this.#runner.run({ text: dependentViews }, [relation]);
      throw new BuildInUse(
        relation,
        views.map(([view]) => view!),
        { cause: error },
      );
    }
    await this.#runner.runScript('release savepoint annals_removal');
  }

  async #copyIndexes(from: ProjectionId, to: ProjectionId, tables: ProjectionTables): Promise<void> {
    const { schema } = this.#statements;
    for (const table of tablesOf(tables)) {
      const rows = await this.#runner.run({ text: addedIndexes }, [tableName(schema, from, table)]);
      const target = tableName(schema, to, table);
      // Without a name, PostgreSQL gives it one that is free.
      const statements = rows.map(([definition]) =>
        definition!.replace(/ INDEX \S+ ON (ONLY )?\S+ /, ` INDEX ON ${target} `),
      );
      await this.#runner.runScript(statements.join(';\n'));
    }
  }

  #run(
    name: Parameters<Statements['get']>[0],
    parameters: readonly SqlParameter[],
  ): Promise<readonly SqlRow[]> {
    return this.#runner.run(this.#statements.get(name), parameters);
  }
}

/** The columns that name a build, as parameters. */
export function keyOf({ name, version, generation }: ProjectionId): [string, number, number] {
  return [name, version, generation];
}

/** What `projection_states` returns. */
export function readView([json]: SqlRow): ProjectionsView {
  interface Stored {
    readonly nodes: ProjectionsView['nodes'];
    readonly projections: readonly StoredProjection[];
  }
  const { nodes, projections } = JSON.parse(json!) as Stored;
  return { nodes, projections: projections.map(readState) };
}

interface StoredProjection extends Omit<
  ProjectionState,
  'createdAt' | 'shards' | 'maxEventsPerSecond' | 'heldBecause'
> {
  readonly createdAtMs: number;
  readonly maxEventsPerSecond: number | null;
  readonly heldBecause: string | null;
  readonly shards: readonly StoredShard[];
}

interface StoredShard extends Omit<ProjectionState['shards'][number], 'movedAt' | 'owner' | 'error'> {
  readonly movedAtMs: number;
  readonly owner: string | null;
  readonly error: string | null;
}

function readState({
  createdAtMs,
  maxEventsPerSecond,
  heldBecause,
  shards,
  ...state
}: StoredProjection): ProjectionState {
  return {
    ...state,
    maxEventsPerSecond: maxEventsPerSecond ?? undefined,
    heldBecause: heldBecause ?? undefined,
    createdAt: new Date(createdAtMs),
    shards: shards.map(({ movedAtMs, owner, error, ...shard }) => ({
      ...shard,
      owner: owner ?? undefined,
      error: error ?? undefined,
      movedAt: new Date(movedAtMs),
    })),
  };
}
