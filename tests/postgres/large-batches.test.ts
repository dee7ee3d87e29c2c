import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import type { ProjectionStatus, Recorded } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import { MoneyDeposited, bankModule } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Projector('large')
class Large extends DocumentProjector<{ amount: number }> {
  @On(MoneyDeposited) deposited(_doc: unknown, { payload }: Recorded<MoneyDeposited>) {
    return { amount: payload.amount };
  }
}

let server: PostgresStores;

beforeAll(async () => {
  server = await postgresStores();
});

afterAll(() => server.close());

describe('a batch that the server gives up', () => {
  test('gets through in parts, and says meanwhile why it does not', async () => {
    const { schema, pool, url } = server;
    await using app = await createApp({
      store: postgres(url, { schema }),
      modules: [bankModule, defineModule({ projectors: [Large] })],
      logger: silentLogger,
    });
    const statusNow = async (): Promise<ProjectionStatus | undefined> =>
      (await app.projections.list()).find(({ name }) => name === 'large');
    // As a statement time-out does it, but by number and not by time.
    await pool.query(`
      create table ${schema}.allowance (documents integer);
      insert into ${schema}.allowance values (0);
      create function ${schema}.refuse() returns trigger language plpgsql as $$
      begin
        if (select count(*) from added) > (select documents from ${schema}.allowance) then
          raise 'canceling statement due to statement timeout' using errcode = '57014';
        end if;
        return null;
      end $$;
      create trigger refuse after insert on ${schema}.large_v1_documents
        referencing new table as added for each statement execute function ${schema}.refuse()`);
    await app.events.appendMany(
      Array.from({ length: 40 }, (_value, index) => ({
        stream: { aggregateType: 'account', aggregateId: `a${index}` },
        expectedVersion: 'none' as const,
        events: [{ type: 'account.deposited', payload: { amount: index } }],
      })),
    );
    await eventually('it is told', async () => {
      const status = await statusNow();
      return status?.condition === 'retrying' && status.lastError?.includes('statement timeout');
    });
    await pool.query(`update ${schema}.allowance set documents = 7`);
    await app.projections.catchUp({ timeoutMs: 60_000 });
    await expect(app.readModels.of(Large).count()).resolves.toBe(40);
    await expect(app.projections.parked(Large)).resolves.toEqual([]);
    await expect(statusNow()).resolves.toMatchObject({ condition: 'running', lastError: undefined });
  });
});
