import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector, TableProjector } from 'annals';
import type { EventStore, Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import { MoneyDeposited, bankModule } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import type { CutMoment } from '../support/tcp-proxy.ts';

/* Neither is idempotent: an event that counts twice, or not at all, shows. */
@Projector('sums')
class Sums extends DocumentProjector<{ events: number; amount: number }> {
  @On(MoneyDeposited)
  deposited(doc = { events: 0, amount: 0 }, { payload }: Recorded<MoneyDeposited>) {
    return { events: doc.events + 1, amount: doc.amount + payload.amount };
  }
}

@Projector('entries')
class Entries extends TableProjector {
  readonly tables = { entries: 'amount int' };

  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.upsert('entries', [{ amount: payload.amount }]);
  }
}

// All that a batch sends, by what shows in its bytes; and then any request, the n-th after an append.
const statements = [
  ...[
    'begin isolation',
    'read_feed',
    'lock_checkpoint',
    'load_documents',
    'save_documents',
    '("amount") values',
  ],
  ...['move_checkpoint', 'commit'],
];
const anyRequests = 25;
const rounds = statements.length + anyRequests;
const moments: readonly CutMoment[] = ['after the request', 'before the answer'];
const opened: PostgresStores[] = [];
const proxies: TcpProxy[] = [];

afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});

afterAll(async () => {
  for (const stores of opened) await stores.close();
});

async function deposit(events: EventStore, amount: number): Promise<void> {
  await events.append({
    ...{ stream: { aggregateType: 'account', aggregateId: 'a' }, expectedVersion: 'any' },
    events: [{ type: 'account.deposited', payload: { amount } }],
  });
}

describe('A batch', () => {
  test.each(moments)('is stored once, whichever of its statements is cut off %s', async moment => {
    const stores = await postgresStores();
    opened.push(stores);
    const { schema, url, pool } = stores;
    const proxy = await TcpProxy.start(url);
    proxies.push(proxy);
    const events = await stores.openEvents();
    await using app = await createApp({
      store: postgres(proxy.urlFor(url), { schema, maxConnections: 4 }),
      modules: [bankModule, defineModule({ projectors: [Sums, Entries] })],
      logger: silentLogger,
    });

    const countOf = async (sql: string): Promise<number> => Number((await pool.query(sql)).rows[0]?.found);
    for (let count = 1; count <= rounds; count++) {
      const statement = statements[count - 1];
      if (statement === undefined) proxy.cutAfter(count - statements.length, moment);
      else proxy.cutNext(moment, statement);
      await deposit(events, count);
      await eventually(`event ${count} is counted`, async () => {
        const sum = await countOf(`select (document->>'events')::int as found from ${schema}.sums_documents`);
        const rows = await countOf(`select count(*) as found from ${schema}.entries_entries`);
        return sum >= count && rows >= count && proxy.cutCount >= Math.min(count, statements.length);
      });
    }

    const amounts = Array.from({ length: rounds }, (_value, index) => index + 1);
    await expect(app.readModels.of(Sums).get('a')).resolves.toEqual({
      ...{ events: rounds, amount: amounts.reduce((sum, amount) => sum + amount) },
    });
    const { rows } = await pool.query(`select amount from ${schema}.entries_entries order by amount`);
    expect(rows.map(({ amount }: { amount: number }) => amount)).toEqual(amounts);
  });
});
