import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, EventHandler, On, Projector } from 'annals';
import { createApp, defineModule, silentLogger } from 'annals/di';
import type { EventStore } from '../../src/application/ports/event-store.ts';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { AccountOpened, Balances, Deposit, OpenAccount, bankModule } from '../support/bank.ts';
import { listingQueries } from '../support/listed-queries.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Projector('mailer')
class Mailer extends EventHandler {
  @On(AccountOpened) opened(): void {
    // Being called is all.
  }
}

let stores: PostgresStores;

beforeAll(async () => {
  stores = await postgresStores();
});

afterAll(async () => stores.close());

/* Reads in the background, and counts. */
function reader(events: EventStore, signal?: AbortSignal): { count: number } {
  const seen = { count: 0 };
  const read = async (): Promise<void> => {
    for await (const _event of events.subscribe({ signal })) seen.count++;
  };
  void read().catch(() => undefined);
  return seen;
}

describe('An idle process', () => {
  test('makes one query a poll, whatever the number of projections and subscribers', async () => {
    const queries: string[] = [];
    const projectors = Array.from({ length: 50 }, (_value, index) => {
      @Projector(`copy_${index}`)
      class Copy extends DocumentProjector<{ count: number }> {
        @On(AccountOpened) opened(doc = { count: 0 }) {
          return { count: doc.count + 1 };
        }
      }
      return Copy;
    });
    const schema = `${stores.schema}_idle`;
    const app = await createApp({
      store: {
        open: services =>
          openSqlStore(listingQueries(new PgClient(stores.url, silentLogger), queries), services, schema, {
            pollMs: 20,
          }),
      },
      modules: [bankModule, defineModule({ projectors: [...projectors, Mailer] })],
      logger: silentLogger,
      // Beats have their own time, and are one query each.
      projectionPace: { beatMs: 3_600_000, leaseMs: 7_200_000 },
    });
    const readers = Array.from({ length: 20 }, () => reader(app.events));
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await app.projections.catchUp();

    const isPoll = (query: string): boolean => query.includes('settled_position');
    await eventually('only polls are made', async () => {
      const made = queries.splice(0);
      return made.length > 0 && made.every(isPoll);
    });
    await eventually('ten polls are made', async () => queries.length >= 10);
    expect(queries.filter(query => !isPoll(query))).toEqual([]);

    queries.splice(0);
    await app.commands.dispatch(new Deposit('a', 5), { waitFor: [Balances, Mailer, ...projectors] });
    await eventually('all have it', async () => readers.every(({ count }) => count === 2));
    expect(queries.filter(query => query.includes('events e cross join'))).toHaveLength(1);
    // There was nothing to react to.
    expect(queries.filter(query => query.includes('owner'))).toEqual([]);
    await app.stop();
    await stores.pool.query(`drop schema ${schema} cascade`);
  });

  test('makes no query while nobody subscribes', async () => {
    const queries: string[] = [];
    const client = listingQueries(new PgClient(stores.url, silentLogger, { maxConnections: 1 }), queries);
    const store = await openSqlStore(client, testServices(), stores.schema, { pollMs: 1 });
    const leave = new AbortController();
    const seen = reader(store.events, leave.signal);
    const stream = { aggregateType: 'account', aggregateId: 'a' };
    await store.events.append({ stream, expectedVersion: 'none', events: deposits(1) });
    await eventually('it is seen', async () => seen.count === 1);
    await eventually('it polls', async () => queries.splice(0).length > 0);
    leave.abort();
    // Over the one connection this comes after the poll that was under way.
    await store.events.streamVersion(stream);
    queries.splice(0);
    for (let time = 0; time < 10; time++) await store.events.streamVersion(stream);
    expect(queries.filter(query => !query.includes('streams'))).toEqual([]);
    await store[Symbol.asyncDispose]();
  });
});
