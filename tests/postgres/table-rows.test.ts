import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { On, Projector, TableProjector } from 'annals';
import type { Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { MoneyDeposited, bankModule } from '../support/bank.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

let write: (tx: TableTransaction) => Promise<void>;

@Projector('lines')
class Lines extends TableProjector {
  readonly tables = { lines: 'id int primary key, n int, at timestamptz' };

  @On(MoneyDeposited) async deposited(_event: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await write(tx);
  }
}

let server: PostgresStores;
let app: App;

beforeAll(async () => {
  server = await postgresStores();
  const modules = [bankModule, defineModule({ projectors: [Lines] })];
  const store = postgres(server.url, { schema: server.schema });
  app = await createApp({ store, modules, logger: silentLogger });
});

afterEach(() => server.pool.query(`delete from ${server.schema}.lines_v1_lines`));

afterAll(async () => {
  await app.stop();
  await server.close();
});

/* Has `work` done by the projector, and returns what is in its table then; or why it was parked. */
async function rowsAfter(work: typeof write): Promise<unknown> {
  write = work;
  const stream = { aggregateType: 'account', aggregateId: crypto.randomUUID() };
  await app.events.append({
    ...{ stream, expectedVersion: 'none' },
    events: [{ type: 'account.deposited', payload: { amount: 1 } }],
  });
  await app.projections.catchUp();
  const parked = await app.projections.parked(Lines);
  const own = parked.find(({ key }) => key.includes(stream.aggregateId));
  if (own !== undefined) return own.error;
  const { rows } = await server.pool.query(`select * from ${server.schema}.lines_v1_lines order by id`);
  return rows;
}

describe('The rows of a table projector', () => {
  test('are refused where their columns differ, and none is written', async () => {
    const uneven = [
      { id: 1, n: 1 },
      { id: 2, n: 1, at: new Date() },
    ];
    await expect(rowsAfter(tx => tx.upsert('lines', uneven))).resolves.toMatch(
      'Row 1 for table "lines" has the columns id, n, at, and row 0 has id, n.',
    );
    const { rows } = await server.pool.query(`select * from ${server.schema}.lines_v1_lines`);
    expect(rows).toEqual([]);
  });

  test('of one key count the last', async () => {
    const [early, late] = [new Date(1), new Date(2)];
    const rows = [
      { id: 1, n: 1, at: early },
      { id: 2, n: 2, at: early },
      { id: 1, n: 3, at: late },
    ];
    await expect(rowsAfter(tx => tx.upsert('lines', rows, ['id']))).resolves.toEqual([rows[2], rows[1]]);
  });

  test('may be more than a statement takes, to write and to delete', async () => {
    const ids = Array.from({ length: 70_000 }, (_value, id) => id);
    const left = await rowsAfter(async tx => {
      await tx.upsert(
        'lines',
        ids.map(id => ({ id, n: null })),
        ['id'],
      );
      await tx.deleteWhere('lines', 'id', ids.slice(1));
    });
    expect(left).toEqual([{ id: 0, n: null, at: null }]);
  });
});
