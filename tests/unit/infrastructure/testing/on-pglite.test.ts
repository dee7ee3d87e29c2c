import { expect, test } from '@jest/globals';
import { createApp, silentLogger } from 'annals/di';
import { onPGlite } from 'annals/testing';
import { Balances, Deposit, OpenAccount, bankModule } from '../../../support/bank.ts';

/* What anybody can find in a store: how far it is, what it holds, and what an aggregate's first event gets. */
async function use(store: ReturnType<typeof onPGlite>) {
  await using app = await createApp({ store, modules: [bankModule], logger: silentLogger });
  const found = [await app.events.settledPosition(), await app.readModels.of(Balances).count()];
  await app.commands.dispatch(new OpenAccount('a', 'Ada'));
  await app.commands.dispatch(new Deposit('a', 30), { waitFor: [Balances], timeoutMs: 240_000 });
  const positions: number[] = [];
  for await (const { position } of app.events.readFeed()) positions.push(position);
  return { found, positions, balance: await app.readModels.of(Balances).get('a') };
}

test('onPGlite is empty for everybody, one after another and side by side', async () => {
  const store = onPGlite();
  const first = await use(store);
  expect(first).toEqual({ found: [0, 0], positions: [1, 2], balance: { balance: 30 } });
  expect(await Promise.all([1, 2, 3, 4].map(() => use(store)))).toEqual([first, first, first, first]);
});
