import { describe, expect, test } from '@jest/globals';
import { inject } from 'inversify';
import {
  AggregateAlreadyExists,
  AggregateNotFound,
  AppStopped,
  ChangeAfterEnd,
  Command,
  CommandBus,
  CommandIdReused,
  CommandTimedOut,
  DomainError,
  Handles,
  NoHandler,
  StreamVersionConflict,
  repositoryOf,
} from 'annals';
import type { CommandContext, CommandHandler, EventStore, Repository } from 'annals';
import { defineModule } from 'annals/di';
import { Account, Balances, Deposit, OpenAccount, Transfer, bankModule } from '../../support/bank.ts';
import { startBank, versionOf } from '../../support/start-bank.ts';

/* Another node: appends to the stream behind the app's back. */
async function interfere(events: EventStore, aggregateId: string): Promise<void> {
  const event = { type: 'account.deposited', payload: { amount: 1 } };
  await events.append({
    stream: { aggregateType: 'account', aggregateId },
    expectedVersion: 'any',
    events: [event],
  });
}

describe('dispatch', () => {
  test('returns what the handler returns', async () => {
    const app = await startBank();
    await expect(app.commands.dispatch(new OpenAccount('acc-1', 'Ada'))).resolves.toBe('acc-1');
    await expect(app.commands.dispatch(new Deposit('acc-1', 30))).resolves.toBe(30);
  });

  test('names the command that nobody handles', async () => {
    class Orphan extends Command {}
    const app = await startBank();
    await expect(app.commands.dispatch(new Orphan())).rejects.toThrow(NoHandler);
    await expect(app.commands.dispatch(new Orphan())).rejects.toThrow('@Handles(Orphan)');
  });

  test('tells position and versions of what it stored', async () => {
    const app = await startBank();
    const { appends, lastPosition, repeated } = await app.commands.dispatchFull(
      new OpenAccount('acc-1', 'Ada'),
    );
    expect(appends).toHaveLength(1);
    expect(appends[0]).toMatchObject({ version: 1, lastPosition: 1, positions: [1], repeated: false });
    expect({ lastPosition, repeated }).toEqual({ lastPosition: 1, repeated: false });
  });

  test('refuses a second creation and a missing aggregate with typed errors', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    await expect(app.commands.dispatch(new OpenAccount('acc-1', 'Bob'))).rejects.toThrow(
      AggregateAlreadyExists,
    );
    await expect(app.commands.dispatch(new Deposit('acc-2', 1))).rejects.toThrow(AggregateNotFound);
  });

  test('waits for a projector', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    await app.commands.dispatch(new Deposit('acc-1', 30), { waitFor: [Balances] });
    await expect(app.readModels.of(Balances).get('acc-1')).resolves.toEqual({ balance: 30 });
  });
});

describe('a unit of work', () => {
  test('stores changes of several aggregates in one append', async () => {
    const app = await startBank();
    for (const id of ['a', 'b']) await app.commands.dispatch(new OpenAccount(id, id));
    await app.commands.dispatch(new Deposit('a', 10));
    const { appends } = await app.commands.dispatchFull(new Transfer('a', 'b', 10));
    expect(appends.map(append => append.stream.aggregateId)).toEqual(['b', 'a']);
  });

  test('leaves nothing behind when the handler throws after a change', async () => {
    const app = await startBank();
    for (const id of ['a', 'b']) await app.commands.dispatch(new OpenAccount(id, id));
    await expect(app.commands.dispatch(new Transfer('a', 'b', 10))).rejects.toThrow(DomainError);
    await expect(versionOf(app, 'b')).resolves.toBe(1);
    await expect(app.commands.dispatch(new Deposit('b', 1))).resolves.toBe(1);
  });

  test('lets a handler see its own changes when it loads an aggregate twice', async () => {
    class Twice extends Command<number> {}
    @Handles(Twice)
    class TwiceHandler implements CommandHandler<Twice> {
      constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}
      async handle() {
        await this.accounts.create('x', account => account.deposit(1));
        await this.accounts.update('x', account => account.deposit(2));
        return (await this.accounts.load('x')).balance;
      }
    }
    const app = await startBank({ modules: [bankModule, defineModule({ handlers: [TwiceHandler] })] });
    await expect(app.commands.dispatch(new Twice())).resolves.toBe(3);
    await expect(versionOf(app, 'x')).resolves.toBe(2);
  });
});

describe('a lost race', () => {
  test('is decided again on fresh state, with and without the cache', async () => {
    for (const cachedAggregates of [0, 100]) {
      const app = await startBank({ cachedAggregates });
      await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
      await app.commands.dispatch(new Deposit('acc-1', 10));
      await interfere(app.events, 'acc-1');
      await expect(app.commands.dispatch(new Deposit('acc-1', 10))).resolves.toBe(21);
    }
  });

  test('is given up after ten decisions', async () => {
    let decisions = 0;
    const app = await startBank({ conflictRetry: { delayMs: () => 0 } });
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    const update = app.repository(Account).update('acc-1', async account => {
      decisions++;
      await interfere(app.events, 'acc-1');
      account.deposit(1);
    });
    await expect(update).rejects.toThrow(StreamVersionConflict);
    expect(decisions).toBe(10);
  });

  test('does not happen between commands of one process on one aggregate', async () => {
    const app = await startBank({ conflictRetry: { attempts: 1 } });
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    const results = await Promise.all(
      Array.from({ length: 50 }, async () => app.commands.dispatch(new Deposit('acc-1', 1))),
    );
    expect(results).toEqual(Array.from({ length: 50 }, (_value, index) => index + 1));
  });

  test('is not repeated where the caller named the version', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    let decisions = 0;
    const update = app.repository(Account).update('acc-1', () => decisions++, { expectedVersion: 7 });
    await expect(update).rejects.toMatchObject({ expectedVersion: 7, actualVersion: 1 });
    expect(decisions).toBe(0);
  });

  test('is noticed by a decision that raised nothing, if told to verify', async () => {
    const app = await startBank({ cachedAggregates: 0, conflictRetry: { attempts: 1 } });
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    const check = (verifyVersion: boolean): Promise<void> =>
      app.repository(Account).update('acc-1', () => interfere(app.events, 'acc-1'), { verifyVersion });
    await expect(check(false)).resolves.toBeUndefined();
    await expect(check(true)).rejects.toThrow(StreamVersionConflict);
  });
});

describe('the cache of live aggregates', () => {
  test('never lets a command be refused on stale state', async () => {
    const app = await startBank();
    for (const id of ['a', 'b']) await app.commands.dispatch(new OpenAccount(id, id));
    await app.commands.dispatch(new Deposit('a', 1));
    for (let index = 0; index < 9; index++) await interfere(app.events, 'a');
    await app.commands.dispatch(new Transfer('a', 'b', 10));
    await expect(app.replay.rebuildAggregate(Account, 'a')).resolves.toMatchObject({ balance: 0 });
  });

  test('spares a hot aggregate the read', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    let reads = 0;
    const readStream = app.events.readStream.bind(app.events);
    app.events.readStream = (...args: Parameters<EventStore['readStream']>) => {
      reads++;
      return readStream(...args);
    };
    await app.commands.dispatch(new Deposit('acc-1', 1));
    await app.commands.dispatch(new Deposit('acc-1', 1));
    expect(reads).toBe(0);
  });
});

describe('a command id', () => {
  test('makes a repetition return the first result without running again', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    const first = await app.commands.dispatchFull(new Deposit('acc-1', 30), { commandId: 'c-1' });
    await app.commands.dispatch(new Deposit('acc-1', 5));
    const second = await app.commands.dispatchFull(new Deposit('acc-1', 30), { commandId: 'c-1' });
    expect(second).toMatchObject({ result: 30, lastPosition: first.lastPosition, repeated: true });
    await expect(versionOf(app, 'acc-1')).resolves.toBe(3);
  });

  test('refuses another command', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'), { commandId: 'c-1' });
    const other = app.commands.dispatch(new OpenAccount('acc-2', 'Ada'), { commandId: 'c-1' });
    await expect(other).rejects.toThrow(CommandIdReused);
    await expect(versionOf(app, 'acc-2')).resolves.toBe(0);
  });

  test('runs once when two dispatches meet', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    const results = await Promise.all(
      [1, 2, 3].map(async () => app.commands.dispatch(new Deposit('acc-1', 30), { commandId: 'c-1' })),
    );
    expect(results).toEqual([30, 30, 30]);
    await expect(versionOf(app, 'acc-1')).resolves.toBe(2);
  });

  test('is not used up by a command that was refused', async () => {
    const app = await startBank();
    const deposit = new Deposit('acc-1', 30);
    await expect(app.commands.dispatch(deposit, { commandId: 'c-1' })).rejects.toThrow(AggregateNotFound);
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    await expect(app.commands.dispatch(deposit, { commandId: 'c-1' })).resolves.toBe(30);
  });
});

describe('correlation and causation', () => {
  test('flow from the command to its events', async () => {
    const app = await startBank();
    const { commandId } = await app.commands.dispatchFull(new OpenAccount('acc-1', 'Ada'), {
      correlationId: 'request-1',
      userId: 'ada',
      actor: 'user:ada',
    });
    const { events } = await app.events.query({});
    expect(events[0]).toMatchObject({
      correlationId: 'request-1',
      causationId: commandId,
      userId: 'ada',
      actor: 'user:ada',
    });
  });

  test('flow on to the events of a nested dispatch, which is stored together', async () => {
    class Outer extends Command {}
    @Handles(Outer)
    class OuterHandler implements CommandHandler<Outer> {
      constructor(@inject(CommandBus) private readonly commands: CommandBus) {}
      async handle() {
        await this.commands.dispatch(new OpenAccount('a', 'Ada'));
        await this.commands.dispatch(new OpenAccount('b', 'Bob'));
      }
    }
    const app = await startBank({ modules: [bankModule, defineModule({ handlers: [OuterHandler] })] });
    const { appends } = await app.commands.dispatchFull(new Outer(), { correlationId: 'request-1' });
    expect(appends).toHaveLength(2);
    const { events } = await app.events.query({ correlationId: 'request-1' });
    expect(events.map(event => event.aggregateId)).toEqual(['a', 'b']);
  });
});

describe('giving up', () => {
  class Hang extends Command {
    constructor(readonly then: 'deposit' | 'nothing') {
      super();
    }
  }
  @Handles(Hang)
  class HangHandler implements CommandHandler<Hang> {
    constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}
    async handle(command: Hang, { signal }: CommandContext) {
      await this.accounts.create('x', account => account.deposit(1));
      await new Promise(resolve => signal.addEventListener('abort', resolve));
    }
  }
  const module = defineModule({ aggregates: [Account], handlers: [HangHandler] });

  test('after the timeout stores nothing and says so', async () => {
    const app = await startBank({ modules: [module] });
    const hang = app.commands.dispatch(new Hang('deposit'), { timeoutMs: 20 });
    await expect(hang).rejects.toThrow(CommandTimedOut);
    await expect(versionOf(app, 'x')).resolves.toBe(0);
  });

  test('by the caller stores nothing', async () => {
    const app = await startBank({ modules: [module] });
    const controller = new AbortController();
    const hang = app.commands.dispatch(new Hang('deposit'), { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(hang).rejects.toThrow('enough');
    await expect(versionOf(app, 'x')).resolves.toBe(0);
  });

  test('is final: what the handler still changes or dispatches is refused', async () => {
    const refusals: unknown[] = [];
    let begin = (): void => undefined;
    let end = (): void => undefined;
    const began = new Promise<void>(resolve => (begin = resolve));
    const ended = new Promise<void>(resolve => (end = resolve));
    class GoOn extends Command {}
    @Handles(GoOn)
    class GoOnHandler implements CommandHandler<GoOn> {
      constructor(
        @inject(repositoryOf(Account)) private readonly accounts: Repository<Account>,
        @inject(CommandBus) private readonly commands: CommandBus,
      ) {}
      async handle(_command: GoOn, { signal }: CommandContext) {
        begin();
        await new Promise(resolve => signal.addEventListener('abort', resolve));
        const note = (error: unknown): unknown => refusals.push(error);
        await this.accounts.create('x', account => account.deposit(1)).catch(note);
        await this.commands.dispatch(new OpenAccount('y', 'Ada')).catch(note);
        end();
      }
    }
    const app = await startBank({ modules: [bankModule, defineModule({ handlers: [GoOnHandler] })] });
    const controller = new AbortController();
    const dispatched = app.commands.dispatch(new GoOn(), { signal: controller.signal });
    await began;
    controller.abort(new Error('enough'));
    await expect(dispatched).rejects.toThrow('enough');
    await ended;
    expect(refusals).toEqual([expect.any(ChangeAfterEnd), expect.any(ChangeAfterEnd)]);
    expect((await app.events.query({})).events).toEqual([]);
  });
});

describe('stopping the app', () => {
  test('lets a command under way finish and refuses new ones', async () => {
    let finish = (): void => undefined;
    class Slow extends Command<string> {}
    @Handles(Slow)
    class SlowHandler implements CommandHandler<Slow> {
      constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}
      async handle() {
        await new Promise<void>(resolve => (finish = resolve));
        await this.accounts.create('x', account => account.deposit(1));
        return 'done';
      }
    }
    const app = await startBank({
      modules: [defineModule({ aggregates: [Account], handlers: [SlowHandler] })],
    });
    const slow = app.commands.dispatch(new Slow());
    const stopped = app.stop();
    await expect(app.commands.dispatch(new Slow())).rejects.toThrow(AppStopped);
    finish();
    await expect(slow).resolves.toBe('done');
    await stopped;
  });
});
