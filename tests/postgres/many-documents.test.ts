import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import { Account, AccountOpened, OpenAccount, OpenAccountHandler } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

const many = Array.from({ length: 50_000 }, (_value, index) => `document-${index}`);

@Projector('openings_by_number', { mode: 'inline' })
class OpeningsByNumber extends DocumentProjector<{ openings: number }> {
  @On(AccountOpened, () => many)
  opened({ openings } = { openings: 0 }) {
    return { openings: openings + 1 };
  }
}

let server: PostgresStores;

beforeAll(async () => {
  server = await postgresStores({ ownDatabase: true });
});

afterAll(() => server.close());

describe('appends to inline projections', () => {
  test('that write more documents than the server has room for locks are stored', async () => {
    await using app = await createApp({
      store: postgres(server.url),
      modules: [
        defineModule({
          ...{
            aggregates: [Account],
            events: [AccountOpened],
            handlers: [OpenAccountHandler],
            projectors: [OpeningsByNumber],
          },
        }),
      ],
      logger: silentLogger,
    });
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await expect(app.readModels.of(OpeningsByNumber).count()).resolves.toBe(many.length);
  });

  test('of few documents and of many wait for each other, and those of other documents do not', async () => {
    await using store = await postgres(server.url).open(testServices());
    await store.events.settledPosition();
    const clients = await Promise.all([1, 2, 3].map(() => server.pool.connect()));
    const [one, other, large] = clients;
    const lock = (ids: readonly string[]): [string, unknown[]] => [
      `select annals.lock_documents('annals.some', $1)`,
      [ids],
    ];
    const waiting = async (): Promise<number> => {
      const { rows } = await server.pool.query(
        `select from pg_locks where not granted and locktype = 'advisory'
           and database = (select oid from pg_database where datname = current_database())`,
      );
      return rows.length;
    };
    try {
      for (const client of clients) await client.query('begin');
      await one!.query(...lock(['a', 'b']));
      await other!.query(...lock(['c']));
      const locked = large!.query(...lock(many));
      await eventually('the large one waits', async () => (await waiting()) === 1);
      await one!.query('commit');
      await other!.query('commit');
      await locked;
      const small = one!.query(...lock(['d']));
      await eventually('the small one waits', async () => (await waiting()) === 1);
      await large!.query('commit');
      await small;
    } finally {
      for (const client of clients) client.release(true);
    }
  });
});
