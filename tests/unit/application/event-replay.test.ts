import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AggregateNotFound } from 'annals';
import { createApp, memory } from 'annals/di';
import type { App } from 'annals/di';
import { VirtualClock } from 'annals/testing';
import { Account, AccountOpened, MoneyDeposited, bankModule } from '../../support/bank.ts';

describe('EventReplay', () => {
  let app: App;

  beforeAll(async () => {
    const clock = new VirtualClock('2026-01-01T09:00:00Z');
    app = await createApp({ store: memory(), modules: [bankModule], clock });
    const accounts = app.repository(Account);
    await accounts.create('acc-1', account => account.open('Ada'));
    clock.set('2026-01-01T11:00:00Z');
    await accounts.update('acc-1', account => account.deposit(10));
    clock.set('2026-01-01T13:00:00Z');
    await accounts.update('acc-1', account => account.deposit(5));
  });

  afterAll(async () => app.stop());

  test('rebuilds the latest state', async () => {
    const account = await app.replay.rebuildAggregate(Account, 'acc-1');
    expect({ id: account.id, version: account.version, balance: account.balance }).toEqual({
      id: 'acc-1',
      version: 3,
      balance: 15,
    });
  });

  test('rebuilds the state at a version, and never sees beyond it', async () => {
    for (const [toVersion, balance] of [
      [1, 0],
      [2, 10],
      [3, 15],
    ] as const) {
      const account = await app.replay.rebuildAggregate(Account, 'acc-1', { toVersion });
      expect([account.version, account.balance]).toEqual([toVersion, balance]);
    }
  });

  test('rebuilds the state at a time, inclusive', async () => {
    const at = async (time: string): Promise<number> =>
      (await app.replay.rebuildAggregate(Account, 'acc-1', { asOf: new Date(time) })).balance;
    await expect(at('2026-01-01T10:59:59.999Z')).resolves.toBe(0);
    await expect(at('2026-01-01T11:00:00Z')).resolves.toBe(10);
    await expect(at('2026-01-01T12:00:00Z')).resolves.toBe(10);
  });

  test('refuses an aggregate without events, also before its first', async () => {
    await expect(app.replay.rebuildAggregate(Account, 'acc-2')).rejects.toThrow(AggregateNotFound);
    const early = app.replay.rebuildAggregate(Account, 'acc-1', { asOf: new Date('2025-01-01') });
    await expect(early).rejects.toMatchObject({ stream: { aggregateType: 'account', aggregateId: 'acc-1' } });
  });

  test('replays events as instances of their classes, within versions', async () => {
    const events = [];
    for await (const event of app.replay.replayEvents(Account, 'acc-1', { fromVersion: 1, toVersion: 2 })) {
      events.push([event.version, event.payload]);
    }
    expect(events).toEqual([
      [1, new AccountOpened('Ada')],
      [2, new MoneyDeposited(10)],
    ]);
    expect(events[1]?.[1]).toBeInstanceOf(MoneyDeposited);
  });
});
