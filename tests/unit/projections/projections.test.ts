import { afterEach, describe, expect, test } from '@jest/globals';
import {
  CommandBus,
  DocumentProjector,
  EventHandler,
  NotStored,
  On,
  ProjectionNotRunning,
  Projector,
  ProjectorReturnedNothing,
  ReadModelProjector,
  UnknownProjection,
} from 'annals';
import type { Recorded } from 'annals';
import { inject } from 'inversify';
import { createApp, defineModule, memory, silentLogger } from 'annals/di';
import type { App, AppOptions } from 'annals/di';
import {
  Account,
  AccountOpened,
  Balances,
  Deposit,
  MoneyDeposited,
  MoneyWithdrawn,
  OpenAccount,
  bankModule,
} from '../../support/bank.ts';

const apps: App[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

async function start(
  projectors: AppOptions['modules'][number]['projectors'],
  options: Partial<AppOptions> = {},
) {
  const modules = [bankModule, defineModule({ projectors: projectors ?? [] })];
  const app = await createApp({ store: memory(), modules, logger: silentLogger, ...options });
  apps.push(app);
  return app;
}

@Projector('owners')
class Owners extends DocumentProjector<{ accounts: string[] }> {
  @On(AccountOpened, event => event.payload.owner)
  opened(doc = { accounts: [] as string[] }, event: Recorded<AccountOpened>) {
    return { accounts: [...doc.accounts, event.aggregateId] };
  }
}

@Projector('inline_balances', { mode: 'inline' })
class InlineBalances extends Balances {}

@Projector('live_balances', { mode: 'live' })
class LiveBalances extends Balances {}

async function someMoney(app: App): Promise<void> {
  for (const id of ['a', 'b']) await app.commands.dispatch(new OpenAccount(id, 'Ada'));
  await app.commands.dispatch(new Deposit('a', 10));
  await app.commands.dispatch(new Deposit('b', 5));
  await app.repository(Account).update('a', account => account.withdraw(3));
}

describe('a document projector', () => {
  test('gives the same documents async, inline and live', async () => {
    const app = await start([InlineBalances, LiveBalances]);
    await someMoney(app);
    await app.projections.catchUp();
    const expected = new Map([
      ['a', { balance: 7 }],
      ['b', { balance: 5 }],
    ]);
    for (const projector of [Balances, InlineBalances, LiveBalances]) {
      await expect(app.readModels.of(projector).getMany(['a', 'b', 'c'])).resolves.toEqual(expected);
    }
  });

  test('may be keyed by a field of the event', async () => {
    const app = await start([Owners]);
    await someMoney(app);
    await app.projections.catchUp();
    await expect(app.readModels.of(Owners).get('Ada')).resolves.toEqual({ accounts: ['a', 'b'] });
  });

  test('removes a document by returning null', async () => {
    @Projector('overdrawn')
    class NonEmpty extends DocumentProjector<{ amount: number }> {
      @On(MoneyDeposited) deposited(_doc: unknown, event: Recorded<MoneyDeposited>) {
        return { amount: event.payload.amount };
      }
      @On(MoneyWithdrawn) withdrawn() {
        return null;
      }
    }
    const app = await start([NonEmpty]);
    await someMoney(app);
    await app.projections.catchUp();
    await expect(app.readModels.of(NonEmpty).find()).resolves.toEqual([{ id: 'b', document: { amount: 5 } }]);
  });

  test('that forgets to return fails, keeps its checkpoint, and the wait says why', async () => {
    @Projector('forgetful', { onFailure: 'stop' })
    class Forgetful extends DocumentProjector<object> {
      @On(MoneyDeposited) deposited(): object {
        return undefined as unknown as object;
      }
    }
    const app = await start([Forgetful]);
    await someMoney(app);
    const wait = app.projections.waitFor(Forgetful, 3, { timeoutMs: 120_000 });
    await expect(wait).rejects.toThrow(ProjectionNotRunning);
    await expect(wait).rejects.toMatchObject({ projection: 'forgetful', reached: 2, position: 3 });
    const error = (await wait.catch((reason: unknown) => reason)) as Error;
    expect(error.cause).toMatchObject({ cause: expect.any(ProjectorReturnedNothing) });
  });

  test('answers questions about the past', async () => {
    const app = await start([]);
    await someMoney(app);
    const balances = app.readModels.of(Balances);
    await expect(balances.asOf('a', { position: 3 })).resolves.toEqual({ balance: 10 });
    await expect(balances.asOf('a', { position: 2 })).resolves.toBeUndefined();
    await expect(balances.asOf('a', { time: new Date('2000-01-01') })).resolves.toBeUndefined();
  });

  test('is found by its fields', async () => {
    const app = await start([]);
    await someMoney(app);
    await app.projections.catchUp();
    const balances = app.readModels.of(Balances);
    await expect(balances.find({ where: { balance: { atLeast: 6 } } })).resolves.toEqual([
      { id: 'a', document: { balance: 7 } },
    ]);
    await expect(balances.find({ orderBy: { field: 'balance' }, limit: 1 })).resolves.toEqual([
      { id: 'b', document: { balance: 5 } },
    ]);
    await expect(balances.count()).resolves.toBe(2);
  });
});

describe('an inline projector', () => {
  test('that throws refuses the append, and only that', async () => {
    @Projector('strict', { mode: 'inline' })
    class Strict extends DocumentProjector<object> {
      @On(MoneyDeposited) deposited(_doc: unknown, event: Recorded<MoneyDeposited>) {
        if (event.payload.amount > 100) throw new RangeError('too much');
        return {};
      }
    }
    const app = await start([Strict]);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await expect(app.commands.dispatch(new Deposit('a', 101))).rejects.toThrow('too much');
    await expect(app.commands.dispatch(new Deposit('a', 5))).resolves.toBe(5);
    await expect(app.events.streamVersion({ aggregateType: 'account', aggregateId: 'a' })).resolves.toBe(2);
  });
});

describe('rebuild', () => {
  test('leaves what an independent fold gives, for async and inline', async () => {
    const app = await start([InlineBalances]);
    await someMoney(app);
    await app.projections.catchUp();
    for (const projector of [Balances, InlineBalances]) {
      await app.projections.rebuild(projector);
      await expect(app.readModels.of(projector).find()).resolves.toEqual([
        { id: 'a', document: { balance: 7 } },
        { id: 'b', document: { balance: 5 } },
      ]);
    }
    await app.commands.dispatch(new Deposit('a', 1), { waitFor: [Balances] });
    await expect(app.readModels.of(Balances).get('a')).resolves.toEqual({ balance: 8 });
    await expect(app.readModels.of(InlineBalances).get('a')).resolves.toEqual({ balance: 8 });
  });

  test('of a live projector is refused', async () => {
    const app = await start([LiveBalances]);
    await expect(app.readModels.of(LiveBalances).find()).rejects.toThrow(NotStored);
  });
});

describe('an event handler', () => {
  const seen: string[] = [];

  @Projector('welcome')
  class Welcome extends EventHandler {
    constructor(@inject(CommandBus) private readonly commands: CommandBus) {
      super();
    }
    @On(AccountOpened) async opened(event: Recorded<AccountOpened>) {
      seen.push(event.aggregateId);
      await this.commands.dispatch(new Deposit(event.aggregateId, 1));
    }
  }

  test('names the event as the cause of what it dispatches', async () => {
    const app = await start([Welcome]);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { correlationId: 'request-1' });
    await app.projections.catchUp();
    const { events } = await app.events.query({ correlationId: 'request-1' });
    expect(events.map(event => event.type)).toEqual(['account.opened', 'account.deposited']);
    expect(events[1]?.causationId).toBe(events[0]?.eventId);
  });

  test('dispatches its commands once, however often the event is delivered', async () => {
    let failures = 1;
    @Projector('flaky')
    class Flaky extends EventHandler {
      constructor(@inject(CommandBus) private readonly commands: CommandBus) {
        super();
      }
      @On(AccountOpened) async opened(event: Recorded<AccountOpened>) {
        await this.commands.dispatch(new Deposit(event.aggregateId, 11));
        if (failures-- > 0) throw new Error('crashed after the dispatch');
        await this.commands.dispatch(new Deposit(event.aggregateId, 1));
      }
    }
    const app = await start([Flaky]);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await app.projections.catchUp();
    await expect(app.replay.rebuildAggregate(Account, 'a')).resolves.toMatchObject({
      balance: 12,
      version: 3,
    });
  });

  test('is never rebuilt, because what it did cannot be undone', async () => {
    const app = await start([Welcome]);
    await expect(app.projections.rebuild(Welcome)).rejects.toThrow(NotStored);
  });
});

describe('functions registered by hand', () => {
  test('see events in order, by class or by name', async () => {
    const seen: string[] = [];
    const byHand = defineModule({
      register: registry =>
        registry
          .register(MoneyDeposited, (event: Recorded<MoneyDeposited>) =>
            seen.push(`+${event.payload.amount}`),
          )
          .register('account.withdrawn', (event: Recorded<MoneyWithdrawn>) =>
            seen.push(`-${event.payload.amount}`),
          ),
    });
    const app = await start([], { modules: [bankModule, byHand] });
    await someMoney(app);
    await app.projections.catchUp();
    expect(seen).toEqual(['+10', '+5', '-3']);
  });
});

describe('the registry', () => {
  test('projects one event to the functions and handlers of its type, and to no others', async () => {
    const seen: string[] = [];
    const byHand = defineModule({
      register: registry =>
        registry
          .register('account.deposited', () => seen.push('deposited'))
          .register('account.deposited', () => seen.push('again'), 'others')
          .register('account.withdrawn', () => seen.push('withdrawn')),
    });
    const app = await start([], { modules: [bankModule, byHand] });
    await app.projections.pause('handlers');
    await app.projections.pause('others');
    await someMoney(app);
    const event = (await app.events.query({ types: ['account.deposited'] })).events[0]!;
    await app.container.get(ReadModelProjector).project(event);
    expect(seen).toEqual(['deposited', 'again']);
  });
});

describe('waitFor', () => {
  test('refuses a projector that no module lists', async () => {
    const app = await start([]);
    await expect(app.projections.waitFor(Owners, 1)).rejects.toThrow(UnknownProjection);
  });
});
