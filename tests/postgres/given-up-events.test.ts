import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import type { Class, Recorded } from 'annals';
import { createApp, defineModule, memory, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import type { StoreFactory } from '../../src/application/ports/store.ts';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import { MoneyDeposited, bankModule, deposit } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores, randomSchema, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

class Sums extends DocumentProjector<{ sum: number }> {
  readonly failing: readonly number[] = [13];
  @On(MoneyDeposited) deposited(doc = { sum: 0 }, { payload }: Recorded<MoneyDeposited>) {
    if (this.failing.includes(payload.amount)) throw new RangeError(`not ${payload.amount}`);
    return { sum: doc.sum + payload.amount };
  }
}

@Projector('sums', { attempts: 1 })
class FirstSums extends Sums {}

@Projector('sums', { version: 2, attempts: 1 })
class SameSums extends Sums {}

@Projector('sums', { version: 2, attempts: 1 })
class WorseSums extends Sums {
  override readonly failing = [13, 7];
}

@Projector('sums', { version: 2, attempts: 1 })
class MendedSums extends Sums {
  override readonly failing = [];
}

let server: PostgresStores;
let factory: StoreFactory;
const apps: App[] = [];

beforeAll(async () => {
  server = await postgresStores({ ownDatabase: true });
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

afterAll(() => server.close());

async function start(projector: Class): Promise<App> {
  const modules = [bankModule, defineModule({ projectors: [projector] })];
  const pace = { beatMs: 20, leaseMs: 2_000 };
  const app = await createApp({ store: factory, modules, logger: silentLogger, projectionPace: pace });
  apps.push(app);
  return app;
}

const kinds = [
  { kind: 'memory', openFactory: async () => sharedStore(await memory().open(testServices())) },
  { kind: 'PostgreSQL', openFactory: async () => postgres(server.url, { schema: randomSchema() }) },
];

describe.each(kinds)('an event that was given up, on $kind', ({ openFactory }) => {
  beforeEach(async () => {
    factory = await openFactory();
    const app = await start(FirstSums);
    await deposit(app, ['a', 1, 13]);
    await app.projections.catchUp();
    await app.projections.discardParked(FirstSums, 'a', 'typed twice');
    await deposit(app, ['a', 7, 100]);
    await app.projections.catchUp();
    await expect(app.readModels.of(FirstSums).get('a')).resolves.toEqual({ sum: 108 });
    await app.stop();
  });

  async function stateOf(app: App, status: string) {
    return (await app.projections.list()).find(build => build.name === 'sums' && build.status === status);
  }

  test('excuses no other event of its key that a new version fails at', async () => {
    const app = await start(WorseSums);
    const held = await eventually('it is held', async () => {
      const building = await stateOf(app, 'building');
      return building?.heldBecause !== undefined && building;
    });
    expect(held.heldBecause).toContain('parked events that the live build has handled, under "a"');
    // What a refused swap has parked is undone with it, and parked again by whoever runs the build.
    const [parked] = await eventually('it is parked', async () => {
      const keys = await app.projections.parked(WorseSums, { build: 'building' });
      return keys.length > 0 && keys;
    });
    expect(parked).toMatchObject({ key: 'a', position: 3, count: 2 });
    await expect(app.readModels.of(WorseSums).get('a')).resolves.toEqual({ sum: 108 });
  });

  test('holds up nothing in a new version that fails at it too', async () => {
    const app = await start(SameSums);
    await eventually('it is swapped', async () => (await stateOf(app, 'live'))?.version === 2);
    await expect(app.projections.parked(SameSums)).resolves.toEqual([]);
    await expect(app.readModels.of(SameSums).get('a')).resolves.toEqual({ sum: 108 });
  });

  test('is handled by a new version that can', async () => {
    const app = await start(MendedSums);
    await eventually('it is swapped', async () => (await stateOf(app, 'live'))?.version === 2);
    await expect(app.readModels.of(MendedSums).get('a')).resolves.toEqual({ sum: 121 });
  });
});
