import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, Event, On, Projector, TableProjector } from 'annals';
import type { Class, Recorded, StoreFactory, StreamId, TableTransaction } from 'annals';
import { createApp, defineModule, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import type { SqlClient, SqlRunner } from '../../src/infrastructure/postgres/sql-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { Gate, instead } from '../support/intercepted-store.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Event('item.sold')
class ItemSold {}

interface Seen {
  readonly positions: readonly number[];
}

const none: Seen = { positions: [] };

@Projector('journal', { mode: 'inline' })
class Journal extends DocumentProjector<Seen> {
  override key(): string {
    return 'all';
  }

  @On(ItemSold) sold({ positions } = none, { position }: Recorded<ItemSold>): Seen {
    return { positions: [...positions, position] };
  }
}

@Projector('by_item', { mode: 'inline' })
class ByItem extends DocumentProjector<Seen> {
  @On(ItemSold) sold({ positions } = none, { position }: Recorded<ItemSold>): Seen {
    return { positions: [...positions, position] };
  }
}

@Projector('ledger', { mode: 'inline' })
class Ledger extends TableProjector {
  readonly tables = { rows: 'place bigint generated always as identity, event_position bigint not null' };

  @On(ItemSold) async sold({ position }: Recorded<ItemSold>, tx: TableTransaction): Promise<void> {
    await tx.query(`insert into ${tx.table('rows')} (event_position) values ($1)`, [position]);
  }
}

describe('appends of two nodes to one inline projection', () => {
  let server: PostgresStores;
  let schema: string;
  let schemas = 0;
  let gate: Gate | undefined;
  const apps: App[] = [];

  beforeAll(async () => {
    server = await postgresStores();
  });

  beforeEach(() => {
    gate = undefined;
    schema = `${server.schema}_${++schemas}`;
  });

  afterEach(async () => {
    gate?.open();
    await Promise.all(apps.splice(0).map(app => app.stop()));
  });

  afterAll(() => server.close());

  /* An append stands still at the gate once it has its positions, and before it has looked at any row. */
  function gated(client: SqlClient): SqlClient {
    const runner = (real: SqlRunner): SqlRunner =>
      instead(real, {
        run: async (statement, parameters) => {
          if (statement.name?.includes('read_appended') === true) await gate?.pass();
          return real.run(statement, parameters);
        },
      });
    return instead(client, { transaction: work => client.transaction(real => work(runner(real))) });
  }

  async function start(projector: Class, isGated = false): Promise<App> {
    const store: StoreFactory = {
      open: services => {
        const client = new PgClient(server.url, silentLogger);
        return openSqlStore(isGated ? gated(client) : client, services, schema);
      },
    };
    const modules = [defineModule({ events: [ItemSold], projectors: [projector] })];
    const app = await createApp({ store, modules, logger: silentLogger });
    apps.push(app);
    return app;
  }

  async function someoneWaitsForLock(): Promise<void> {
    await eventually('somebody waits for a lock', async () => {
      const text = `select from pg_locks where not granted and locktype = 'advisory' and database =
        (select oid from pg_database where datname = current_database())`;
      return ((await server.pool.query(text)).rowCount ?? 0) > 0;
    });
  }

  async function append(app: App, stream: StreamId): Promise<number> {
    const events = [{ type: 'item.sold', payload: {} }];
    return (await app.events.append({ stream, expectedVersion: 'any', events })).lastPosition;
  }

  /* The first has its positions and waits; the second comes. */
  async function race(
    projector: Class,
    streams: readonly [StreamId, StreamId],
    look: (app: App) => Promise<readonly number[]>,
  ): Promise<void> {
    const [first, second] = [await start(projector, true), await start(projector)];
    gate = new Gate();
    const early = append(first, streams[0]);
    await gate.reached;
    const late = append(second, streams[1]);
    await Promise.race([late, someoneWaitsForLock()]);
    gate.open();
    const positions = [await early, await late];
    expect(positions[0]).toBeLessThan(positions[1]!);
    await expect(look(second)).resolves.toEqual(positions);
  }

  const item = (aggregateId: string): StreamId => ({ aggregateType: 'item', aggregateId });

  test('fold events of two streams into one document in the order of their positions', async () => {
    const positions = async (app: App): Promise<readonly number[]> =>
      (await app.readModels.of(Journal).get('all'))!.positions;
    await race(Journal, [item('tea'), item('rum')], positions);
  });

  test('fold events of two streams of one id into its document in the order of their positions', async () => {
    const positions = async (app: App): Promise<readonly number[]> =>
      (await app.readModels.of(ByItem).get('salt'))!.positions;
    await race(ByItem, [item('salt'), { aggregateType: 'offer', aggregateId: 'salt' }], positions);
  });

  test('write rows of two streams in the order of their positions', async () => {
    const positions = async (): Promise<readonly number[]> => {
      const text = `select event_position from ${schema}.ledger_rows order by place`;
      const { rows } = await server.pool.query<{ event_position: string }>(text);
      return rows.map(row => Number(row.event_position));
    };
    await race(Ledger, [item('oil'), item('jam')], positions);
  });

  test('do not wait for each other where each event has a document of its own', async () => {
    const [first, second] = [await start(ByItem, true), await start(ByItem)];
    gate = new Gate();
    const early = append(first, item('bread'));
    await gate.reached;
    const late = await append(second, item('butter'));
    await expect(second.readModels.of(ByItem).get('butter')).resolves.toEqual({ positions: [late] });
    gate.open();
    await expect(early).resolves.toBeLessThan(late);
  });
});
