import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { InvalidIdentifier } from 'annals';
import type { Consumers, Projections, Who } from 'annals';
import { createApp, memory, postgres, silentLogger } from 'annals/di';
import { Balances, bankModule } from '../support/bank.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

let server: PostgresStores;

beforeAll(async () => {
  server = await postgresStores();
});

afterAll(() => server.close());

const onProjections: Readonly<Record<string, (projections: Projections, who: Who) => Promise<unknown>>> = {
  pause: (projections, who) => projections.pause(Balances, who),
  resume: (projections, who) => projections.resume(Balances, who),
  reset: (projections, who) => projections.reset(Balances, 0, who),
  reshard: (projections, who) => projections.reshard(Balances, 2, who),
  retry: (projections, who) => projections.retryParked(Balances, 'a', who),
  discard: (projections, { reason = 'why', ...who }) => projections.discardParked(Balances, 'a', reason, who),
  skip: (projections, { reason = 'why', ...who }) => projections.skip(Balances, 1, reason, who),
  rebuild: (projections, who) => projections.rebuild(Balances, who),
  beginRebuild: (projections, who) => projections.beginRebuild(Balances, { ...who, swapsByItself: false }),
  swap: (projections, who) => projections.swap(Balances, who),
  cancelRebuild: (projections, who) => projections.cancelRebuild(Balances, who),
  rollBack: (projections, who) => projections.rollBack(Balances, who),
  drop: (projections, who) => projections.drop(Balances, who),
};

const onConsumers: Readonly<Record<string, (consumers: Consumers, who: Who) => Promise<unknown>>> = {
  open: (consumers, who) => consumers.open('mails', who),
  retry: (consumers, who) => consumers.retry('mails', 'a', who),
  discard: (consumers, { reason = 'why', ...who }) => consumers.discard('mails', 'a', { reason, ...who }),
  remove: (consumers, who) => consumers.remove('mails', who),
  purge: (consumers, who) => consumers.purge('mails', new Date(), who),
};

const refused: readonly { readonly actor?: unknown; readonly reason?: unknown }[] = [
  ...['', ' ', 'nul\u0000', 'x'.repeat(256), 7, null].map(actor => ({ actor })),
  ...['', 'nul\u0000', 'x'.repeat(1_001), 7, null].map(reason => ({ reason })),
];

const kinds = [
  { kind: 'memory', openStore: () => memory() },
  { kind: 'PostgreSQL', openStore: () => postgres(server.url, { schema: server.schema }) },
];

describe.each(kinds)('who did something and why, on $kind', ({ openStore }) => {
  test('is refused where it could not be recorded, and nothing is done', async () => {
    const app = await createApp({ store: openStore(), modules: [bankModule], logger: silentLogger });
    const builds = async (): Promise<unknown> =>
      (await app.projections.list()).map(({ name, status, shards }) => ({
        name,
        status,
        shards: shards.length,
      }));
    const before = await builds();
    const acts = [
      ...Object.values(onProjections).map(act => (who: Who) => act(app.projections, who)),
      ...Object.values(onConsumers).map(act => (who: Who) => act(app.consumers, who)),
    ];
    for (const [index, act] of acts.entries()) {
      for (const who of refused) {
        const [field] = Object.keys(who);
        const refusal = await act(who as Who).catch((error: unknown) => error);
        expect([index, who, refusal]).toEqual([index, who, expect.any(InvalidIdentifier)]);
        expect(refusal).toMatchObject({ code: 'invalid-identifier', field });
      }
    }
    await expect(app.projections.history()).resolves.toEqual([]);
    await expect(app.consumers.list()).resolves.toEqual([]);
    await expect(builds()).resolves.toEqual(before);

    const longest: Who = { actor: `user:${'x'.repeat(250)}`, reason: 'y'.repeat(1_000) };
    await app.projections.resume(Balances, longest);
    await app.projections.resume(Balances);
    await expect(app.projections.history(Balances)).resolves.toMatchObject([
      { action: 'resume', actor: 'system', reason: '' },
      { action: 'resume', ...longest },
    ]);
    await app.stop();
  });
});
