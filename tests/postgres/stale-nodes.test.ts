import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import type { Class, Recorded } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import type { NodePace } from '../../src/projections/index.ts';
import { MoneyDeposited, bankModule, deposit } from '../support/bank.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

abstract class Sums extends DocumentProjector<{ sum: number }> {
  @On(MoneyDeposited) deposited(before = { sum: 0 }, { payload }: Recorded<MoneyDeposited>) {
    return { sum: before.sum + payload.amount };
  }
}

@Projector('sums', { mode: 'inline' })
class InlineSums extends Sums {}

@Projector('sums')
class AsyncSums extends Sums {}

// A node that looks at the others once, when it starts.
const never: NodePace = { beatMs: 3_600_000, leaseMs: 7_200_000 };
const quick: NodePace = { beatMs: 20, leaseMs: 2_000 };

let server: PostgresStores;
const apps: App[] = [];

beforeAll(async () => {
  server = await postgresStores();
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

afterAll(() => server.close());

async function start(projector: Class, projectionPace: NodePace): Promise<App> {
  const app = await createApp({
    store: postgres(server.url, { schema: server.schema, usesNotify: false, maxConnections: 5 }),
    modules: [bankModule, defineModule({ projectors: [projector] })],
    logger: silentLogger,
    projectionPace,
  });
  apps.push(app);
  return app;
}

describe('A node that has not heard that appends no longer write a projection', () => {
  test('waits for its runners all the same', async () => {
    const late = await start(InlineSums, never);
    const other = await start(AsyncSums, quick);
    await other.projections.pause(AsyncSums);
    await deposit(other, ['a', 5]);
    const position = await other.events.settledPosition();

    const early = late.projections.waitFor(InlineSums, position, { timeoutMs: 200 });
    await expect(early).rejects.toMatchObject({ code: 'projection-wait-timeout', reached: 0 });
    const reading = late.readModels.of(InlineSums).get('a', { atLeast: { position } });
    await other.projections.resume(AsyncSums);
    await expect(reading).resolves.toEqual({ sum: 5 });
  });
});
