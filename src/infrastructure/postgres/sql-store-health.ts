import { lagOfShards } from '../../application/health/projection-lag.ts';
import type { BuildFacts } from '../../application/health/projection-lag.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { ProjectionId } from '../../application/ports/projection-states.ts';
import type {
  ProjectionLag,
  ShardLag,
  StoreActivity,
  StoreHealth,
  StoreState,
} from '../../application/ports/store-health.ts';
import { isSameBuild } from '../../application/same-build.ts';
import { int4Array, textArray } from './binary-arrays.ts';
import type { SqlClient, SqlRow } from './sql-client.ts';
import { isUnreachable, sqlCode } from './sql-errors.ts';
import type { SqlEventStore } from './sql-event-store.ts';
import type { Statements } from './statements.ts';

/** The health of a store on PostgreSQL. */
export class SqlStoreHealth implements StoreHealth {
  readonly #client: SqlClient;
  readonly #statements: Statements;
  readonly #events: SqlEventStore;

  constructor(client: SqlClient, statements: Statements, events: SqlEventStore) {
    this.#client = client;
    this.#statements = statements;
    this.#events = events;
  }

  async state(): Promise<StoreState> {
    this.#events.requireOpen();
    const migrations = this.#statements.migrations();
    const [isReadOnly, numbers] = await this.#askForState();
    const applied = new Set((numbers ?? '').split(',').map(Number));
    const missing = migrations.filter(({ number }) => !applied.has(number));
    const newest = migrations.at(-1)?.number ?? 0;
    return {
      isWritable: isReadOnly === 'off',
      missingMigrations: missing.map(({ name }) => name),
      isNewer: Math.max(...applied) > newest,
    };
  }

  activity(): StoreActivity {
    return this.#events.activity;
  }

  async lags(projections: readonly ProjectionId[]): Promise<readonly ProjectionLag[]> {
    if (projections.length === 0) return [];
    const rows = await this.#client.run(this.#statements.get('projection_lags'), [
      textArray(projections.map(({ name }) => name)),
      int4Array(projections.map(({ version }) => version)),
      int4Array(projections.map(({ generation }) => generation)),
    ]);
    const shards = rows.map(readShard);
    return projections.flatMap(build => {
      const own = shards.filter(shard => isSameBuild(build, shard));
      const [first] = own;
      if (first === undefined) return [];
      const { name, version, generation } = build;
      const { appendedPerSecond, parked } = first;
      const lags = own.map(({ lag }) => lag);
      return [lagOfShards({ name, version, generation, appendedPerSecond, parked }, lags)];
    });
  }

  async #askForState(): Promise<SqlRow> {
    try {
      const [row] = await this.#client.run(this.#statements.get('store_state'));
      return row!;
    } catch (error) {
      // The tables are gone, and the server answered.
      if (sqlCode(error) === '42P01') return ['off', null];
      if (!isUnreachable(error)) throw error;
      throw new StoreUnavailable('The database could not be reached.', { cause: error });
    }
  }
}

interface ShardRow extends BuildFacts {
  readonly lag: ShardLag;
}

function readShard(row: SqlRow): ShardRow {
  const [name, version, generation, shard, position, events, lagMs, stillMs, speed, keys, parked] = row;
  return {
    ...{ name: name!, version: Number(version), generation: Number(generation) },
    ...{ appendedPerSecond: Number(speed), parked: { keys: Number(keys), events: Number(parked) } },
    lag: {
      ...{ shard: Number(shard), position: Number(position), events: Number(events) },
      // A clock that is ahead of the server's says nothing of a lag.
      ...{ lagMs: Math.max(0, Number(lagMs)), stillMs: Math.max(0, Number(stillMs)) },
    },
  };
}
