import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DocumentProjector, On, Projector } from 'annals';
import type { AppendResult, PastMoment, Recorded } from 'annals';
import { defineModule } from 'annals/di';
import type { App } from 'annals/di';
import { VirtualClock } from 'annals/testing';
import { MoneyDeposited, MoneyWithdrawn, bankModule } from '../../support/bank.ts';
import { startBank } from '../../support/start-bank.ts';

interface Ledger {
  entries: number[];
}

/** By aggregate; a withdrawal of nothing closes it. */
@Projector('ledgers', { mode: 'live' })
class Ledgers extends DocumentProjector<Ledger> {
  @On(MoneyDeposited) deposited(doc: Ledger = { entries: [] }, { payload }: Recorded<MoneyDeposited>) {
    return { entries: [...doc.entries, payload.amount] };
  }

  @On(MoneyWithdrawn) withdrawn(doc: Ledger = { entries: [] }, { payload }: Recorded<MoneyWithdrawn>) {
    return payload.amount === 0 ? null : { entries: [...doc.entries, -payload.amount] };
  }
}

const parityOf = (amount: number): string => (amount % 2 === 0 ? 'even' : 'odd');

/** By a key of their own, from many aggregates. */
@Projector('parities')
class Parities extends DocumentProjector<Ledger> {
  @On(MoneyDeposited, event => [parityOf(event.payload.amount), 'all'])
  deposited(doc: Ledger = { entries: [] }, { payload }: Recorded<MoneyDeposited>) {
    return { entries: [...doc.entries, payload.amount] };
  }
}

interface Step {
  readonly account: string;
  readonly amount: number;
  /** How much the clock moves, also back. */
  readonly advanceMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  account: fc.constantFrom('a', 'b', 'c'),
  amount: fc.integer({ min: -3, max: 9 }),
  advanceMs: fc.integer({ min: -5, max: 20 }),
});

/* What the log says, folded by hand. */
function ledgerOf(events: readonly Recorded[], account: string): Ledger | undefined {
  let ledger: Ledger | undefined;
  for (const { aggregateId, type, payload } of events) {
    if (aggregateId !== account) continue;
    const { amount } = payload as { amount: number };
    const isClosing = type === 'account.withdrawn' && amount === 0;
    const entry = type === 'account.withdrawn' ? -amount : amount;
    ledger = isClosing ? undefined : { entries: [...(ledger?.entries ?? []), entry] };
  }
  return ledger;
}

function parity(events: readonly Recorded[], key: string): Ledger | undefined {
  const entries = events
    .filter(({ type }) => type === 'account.deposited')
    .map(({ payload }) => (payload as { amount: number }).amount)
    .filter(amount => key === 'all' || parityOf(amount) === key);
  return entries.length === 0 ? undefined : { entries };
}

async function logOf(steps: readonly Step[], clock: VirtualClock, app: App): Promise<Recorded[]> {
  for (const { account, amount, advanceMs } of steps) {
    clock.advance(advanceMs);
    const type = amount > 0 ? 'account.deposited' : 'account.withdrawn';
    const events = [{ type, payload: { amount: Math.abs(amount) } }];
    const stream = { aggregateType: 'account', aggregateId: account };
    await app.events.append({ stream, expectedVersion: 'any', events });
  }
  const log: Recorded[] = [];
  for await (const event of app.events.readFeed()) log.push(event);
  return log;
}

async function start(clock: VirtualClock): Promise<App> {
  return startBank({ clock, modules: [bankModule, defineModule({ projectors: [Ledgers, Parities] })] });
}

describe('asOf', () => {
  test('equals a fold of what there was, for every position and time, by aggregate and by a key of its own', async () => {
    const run = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async steps => {
      const clock = new VirtualClock();
      const app = await start(clock);
      const log = await logOf(steps, clock, app);
      const [ledgers, parities] = [app.readModels.of(Ledgers), app.readModels.of(Parities)];
      for (let position = 0; position <= log.length; position++) {
        const prefix = log.filter(event => event.position <= position);
        expect(await ledgers.asOf('a', { position })).toEqual(ledgerOf(prefix, 'a'));
        expect(await parities.asOf('all', { position })).toEqual(parity(prefix, 'all'));
        expect(await parities.asOf('odd', { position })).toEqual(parity(prefix, 'odd'));
      }
      for (const time of [new Date(0), ...log.map(event => event.recordedAt)]) {
        const until = log.filter(event => event.recordedAt <= time);
        expect(await ledgers.asOf('b', { time })).toEqual(ledgerOf(until, 'b'));
        expect(await parities.asOf('even', { time })).toEqual(parity(until, 'even'));
      }
    });
    await fc.assert(run, { numRuns: 40 });
  });

  test('reads no event behind the bound', async () => {
    const app = await start(new VirtualClock());
    await logOf(
      Array.from({ length: 20 }, () => ({ account: 'a', amount: 1, advanceMs: 1 })),
      new VirtualClock(),
      app,
    );
    const seen: number[] = [];
    const query = app.events.query.bind(app.events);
    app.events.query = async asked => {
      const page = await query(asked);
      seen.push(...page.events.map(event => event.position));
      return page;
    };
    await app.readModels.of(Ledgers).asOf('a', { position: 7 });
    expect(Math.max(...seen)).toBe(7);
  });

  test('refuses positions and times that are none', async () => {
    const app = await start(new VirtualClock());
    for (const readModel of [app.readModels.of(Ledgers), app.readModels.of(Parities)]) {
      for (const position of [-1, 1.5, NaN]) {
        await expect(readModel.asOf('a', { position })).rejects.toMatchObject({ code: 'invalid-query' });
      }
      const moments: unknown[] = [
        ...[undefined, null, {}, 7, 'now', { position: undefined }, { position: null }, { position: '1' }],
        ...[
          { time: new Date('never') },
          { time: '2020-01-01' },
          { time: 0 },
          { position: 1, time: new Date() },
        ],
      ];
      for (const moment of moments) {
        const past = readModel.asOf('a', moment as PastMoment);
        await expect(past).rejects.toMatchObject({
          code: 'invalid-query',
          message: expect.stringContaining('Give '),
        });
      }
    }
  });
});

describe('a document', () => {
  const deposit = (amount: number) => ({ type: 'account.deposited', payload: { amount } });
  const stream = { aggregateType: 'account', aggregateId: 'a' };

  test('is read with the version and position of its last event, stored or live', async () => {
    const app = await start(new VirtualClock());
    await app.events.append({ stream, expectedVersion: 'none', events: [deposit(1), deposit(4)] });
    await app.projections.catchUp();
    const place = { version: 2, position: 2 };
    await expect(app.readModels.of(Parities).getStored('even')).resolves.toEqual({
      ...{ id: 'even', document: { entries: [4] } },
      ...place,
    });
    await expect(app.readModels.of(Ledgers).getStored('a')).resolves.toEqual({
      ...{ id: 'a', document: { entries: [1, 4] } },
      ...place,
    });
    await expect(app.readModels.of(Parities).getStored('none')).resolves.toBeUndefined();
  });

  test('is at least as new as a position or version that an append has returned', async () => {
    const app = await start(new VirtualClock());
    const parities = app.readModels.of(Parities);
    for (let round = 1; round <= 20; round++) {
      const appended = await app.events.append({ stream, expectedVersion: 'any', events: [deposit(round)] });
      const atLeast = round % 2 === 0 ? appended : { position: appended.lastPosition };
      expect((await parities.get('all', { atLeast }))?.entries).toHaveLength(round);
    }
    const notYet = parities.get('all', { atLeast: { stream, version: 21 } });
    await expect(notYet).rejects.toMatchObject({ code: 'invalid-query' });
    const late = parities.getMany(['all'], { atLeast: { position: 999 }, timeoutMs: 1 });
    await expect(late).rejects.toMatchObject({ code: 'projection-wait-timeout', reached: 20 });
  });

  test('is found and counted as new as that too', async () => {
    const app = await start(new VirtualClock());
    const parities = app.readModels.of(Parities);
    for (let round = 1; round <= 20; round++) {
      const atLeast = await app.events.append({ stream, expectedVersion: 'any', events: [deposit(round)] });
      const where = { entries: null };
      const [[all], page, none] = [
        await parities.find({}, { atLeast }),
        await parities.findPage({ limit: 1 }, { atLeast }),
        await parities.count(where, { atLeast }),
      ];
      expect([all?.document.entries.length, page.documents.length, none]).toEqual([round, 1, 0]);
    }
    const late = { atLeast: { position: 999 }, timeoutMs: 1 };
    for (const read of [parities.find({}, late), parities.findPage({}, late), parities.count({}, late)]) {
      await expect(read).rejects.toMatchObject({ code: 'projection-wait-timeout', reached: 20 });
    }
  });

  test('is not read as new as something that no append returns', async () => {
    const parities = (await start(new VirtualClock())).readModels.of(Parities);
    for (const atLeast of [null, {}, 7, { position: '3' }, { position: -1 }, { stream }, { version: 1 }]) {
      const read = parities.count({}, { atLeast: atLeast as unknown as AppendResult });
      await expect(read).rejects.toMatchObject({ code: 'invalid-query' });
    }
  });
});
