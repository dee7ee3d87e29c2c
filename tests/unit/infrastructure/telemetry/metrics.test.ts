import { beforeEach, describe, expect, test } from '@jest/globals';
import { EventHandler, On, Projector, StreamVersionConflict } from 'annals';
import { defineModule } from 'annals/di';
import type { App } from 'annals/di';
import { instruments, observedInstruments } from '../../../../src/application/telemetry/instruments.ts';
import { AccountOpened, Balances, Deposit, OpenAccount, bankModule } from '../../../support/bank.ts';
import { eventually } from '../../../support/eventually.ts';
import { RecordedTelemetry } from '../../../support/recorded-telemetry.ts';
import { startBank } from '../../../support/start-bank.ts';

let recorded: RecordedTelemetry;

beforeEach(async () => {
  recorded = await RecordedTelemetry.start();
});

const start = (modules = [bankModule]): Promise<App> => startBank({ telemetry: recorded.telemetry, modules });

async function valuesOf(name: string): Promise<(readonly [object, number])[]> {
  const points = await recorded.points(name);
  return points.map(({ attributes, value }) => [attributes, typeof value === 'number' ? value : value.count]);
}

describe('Measurements', () => {
  test('count appends, events and conflicts by outcome', async () => {
    const app = await start();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    const stream = { aggregateType: 'account', aggregateId: 'a' };
    const events = [1, 2].map(amount => ({ type: 'account.deposited', payload: { amount } }));
    const lost = app.events.append({ stream, expectedVersion: 7, events });
    await expect(lost).rejects.toThrow(StreamVersionConflict);
    for (let time = 0; time < 2; time++) {
      await app.events.append({ stream, expectedVersion: 1, events }, { idempotencyKey: 'once' });
    }

    const outcomes = [
      [{ 'annals.append.outcome': 'stored' }, 2],
      [{ 'annals.append.outcome': 'conflict', 'error.type': 'stream-version-conflict' }, 1],
      [{ 'annals.append.outcome': 'repeated' }, 1],
    ];
    await expect(valuesOf('annals.appends')).resolves.toEqual(outcomes);
    await expect(valuesOf('annals.append.duration')).resolves.toEqual(outcomes);
    await expect(valuesOf('annals.append.events')).resolves.toEqual([[{}, 3]]);
    await expect(valuesOf('annals.append.conflicts')).resolves.toEqual([[{}, 1]]);
  });

  test('time commands by name and outcome', async () => {
    const app = await start();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { commandId: 'first' });
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { commandId: 'first' });
    await expect(app.commands.dispatch(new Deposit('a', -1))).rejects.toThrow();
    await expect(valuesOf('annals.command.duration')).resolves.toEqual([
      [{ 'annals.command.name': 'OpenAccount', 'annals.command.outcome': 'succeeded' }, 1],
      [{ 'annals.command.name': 'OpenAccount', 'annals.command.outcome': 'repeated' }, 1],
      [
        {
          'annals.command.name': 'Deposit',
          'annals.command.outcome': 'refused',
          'error.type': 'domain-error',
        },
        1,
      ],
    ]);
  });

  test('tell of batches, retries, lag and what is parked', async () => {
    let isBroken = true;
    @Projector('fragile')
    class Fragile extends EventHandler {
      @On(AccountOpened) opened() {
        if (isBroken) throw new TypeError('broken');
      }
    }
    const app = await start([bankModule, defineModule({ projectors: [Fragile] })]);
    const { lastPosition } = await app.commands.dispatchFull(new OpenAccount('a', 'Ada'));
    await app.projections.waitFor(Fragile, lastPosition);
    await app.projections.waitFor(Balances, lastPosition);
    const fragile = { 'annals.projection.name': 'fragile', 'annals.projection.version': 1 };

    await expect(valuesOf('annals.projection.retries')).resolves.toEqual([
      [{ ...fragile, 'error.type': 'TypeError' }, 2],
    ]);
    await expect(valuesOf('annals.projection.batch.size')).resolves.toEqual([
      [{ ...fragile, 'error.type': 'TypeError' }, 2],
      [fragile, 1],
    ]);
    await expect(valuesOf('annals.projection.parked.events')).resolves.toContainEqual([fragile, 1]);
    await expect(valuesOf('annals.projection.parked.keys')).resolves.toContainEqual([fragile, 1]);
    await expect(valuesOf('annals.projection.lag.events')).resolves.toContainEqual([fragile, 0]);
    await expect(valuesOf('annals.projection.lag.time')).resolves.toContainEqual([fragile, 0]);
    isBroken = false;
    await app.projections.retryParked(Fragile);
    await expect(valuesOf('annals.projection.parked.events')).resolves.toContainEqual([fragile, 0]);
  });

  test('tell of readers, their wake-ups and leases', async () => {
    const app = await start();
    const open = async (): Promise<number | undefined> =>
      (await valuesOf('annals.subscriptions.open'))[0]?.[1];
    await eventually('the projector reads', async () => (await open()) === 1);
    const reading = new AbortController();
    const reader = app.events.subscribe({ from: 0, signal: reading.signal })[Symbol.asyncIterator]();
    const next = reader.next();
    await eventually('both read', async () => (await open()) === 2);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await next;
    reading.abort();
    await reader.next();
    await eventually('one has left', async () => (await open()) === 1);
    await expect(valuesOf('annals.wake_ups')).resolves.toContainEqual([
      { 'annals.wake_up.cause': 'commit' },
      1,
    ]);

    const shard = { 'annals.projection.name': 'balances', 'annals.projection.version': 1 };
    await expect(valuesOf('annals.projection.lease.changes')).resolves.toEqual([
      [{ ...shard, 'annals.projection.shard': 0, 'annals.lease.change': 'acquired' }, 1],
    ]);
    await app.projections.pause(Balances);
    await eventually('it is released', async () =>
      (await valuesOf('annals.projection.lease.changes')).some(
        ([attributes]) => (attributes as Record<string, unknown>)['annals.lease.change'] === 'released',
      ),
    );
  });

  test('end with the app, and carry the units of the table', async () => {
    const app = await start();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Balances] });
    const { metrics, errors } = await recorded.collect();
    expect(errors).toEqual([]);
    const table = new Map(
      [...Object.values(instruments), ...Object.values(observedInstruments)].map(one => [one.name, one.unit]),
    );
    for (const { descriptor } of metrics)
      expect([descriptor.name, descriptor.unit]).toEqual([
        descriptor.name,
        table.get(descriptor.name as never),
      ]);
    await app.stop();
    await recorded.points('annals.projection.lag.events');
    await expect(recorded.collect()).resolves.toMatchObject({ errors: [] });
  });
});
