import { afterEach, describe, expect, test } from '@jest/globals';
import { inject } from 'inversify';
import {
  Aggregate,
  AggregateRoot,
  ChangeAfterEnd,
  Command,
  CommandBus,
  CommandTimedOut,
  DomainError,
  Event,
  Handles,
  On,
  ReadOnlyAggregate,
  UnableToApplyEvent,
  repositoryOf,
} from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { createApp, defineModule, memory, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { Account, Deposit, MoneyDeposited, OpenAccount, bankModule } from '../../support/bank.ts';

@Event('purse.filled')
class PurseFilled {
  constructor(readonly amount: number) {}
}

@Aggregate('purse')
class Purse extends AggregateRoot<PurseFilled> {
  total = 0;
  put(amount: number) {
    this.raise(new PurseFilled(amount));
  }
  @On(PurseFilled) protected filled({ amount }: PurseFilled) {
    this.total += amount;
    if (amount === 13) throw new Error('Thirteen is unlucky.');
  }
}

const apps: App[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

type Work = (accounts: Repository<Account>, commands: CommandBus) => unknown;

class Run extends Command<unknown> {
  constructor(readonly work: Work) {
    super();
  }
}

@Handles(Run)
class RunHandler implements CommandHandler<Run> {
  constructor(
    @inject(repositoryOf(Account)) private readonly accounts: Repository<Account>,
    @inject(CommandBus) private readonly commands: CommandBus,
  ) {}
  async handle({ work }: Run) {
    return work(this.accounts, this.commands);
  }
}

async function start(cachedAggregates = 0): Promise<App> {
  const modules = [bankModule, defineModule({ aggregates: [Purse], handlers: [RunHandler] })];
  const app = await createApp({ store: memory(), modules, logger: silentLogger, cachedAggregates });
  apps.push(app);
  for (const id of ['a', 'b']) await app.commands.dispatch(new OpenAccount(id, id));
  return app;
}

async function depositsOf(app: App, id: string): Promise<number[]> {
  const amounts: number[] = [];
  for await (const { payload } of app.replay.replayEvents(Account, id)) {
    if (payload instanceof MoneyDeposited) amounts.push(payload.amount);
  }
  return amounts;
}

describe('a handler that works on several things at once', () => {
  test('may update one aggregate twice', async () => {
    const app = await start();
    const update = (accounts: Repository<Account>, amount: number): Promise<void> =>
      accounts.update('a', account => account.deposit(amount));
    await app.commands.dispatch(new Run(accounts => Promise.all([update(accounts, 1), update(accounts, 2)])));
    await expect(depositsOf(app, 'a')).resolves.toEqual([1, 2]);
  });

  test('may do so after it has touched another aggregate', async () => {
    const app = await start();
    const update = (accounts: Repository<Account>, amount: number): Promise<void> =>
      accounts.update('a', account => account.deposit(amount));
    await app.commands.dispatch(
      new Run(async accounts => {
        await accounts.load('b');
        await Promise.all([update(accounts, 1), update(accounts, 2), update(accounts, 3)]);
      }),
    );
    await expect(depositsOf(app, 'a')).resolves.toEqual([1, 2, 3]);
  });

  test('creates an aggregate once', async () => {
    const app = await start();
    const create = (accounts: Repository<Account>): Promise<void> =>
      accounts.create('new', account => account.deposit(1));
    const both = app.commands.dispatch(
      new Run(accounts => Promise.all([create(accounts), create(accounts)])),
    );
    await expect(both).rejects.toMatchObject({ code: 'aggregate-already-exists' });
    await expect(app.repository(Account).find('new')).resolves.toBeUndefined();
  });

  test('gives each event the cause that raised it', async () => {
    const app = await start();
    await app.commands.dispatch(
      new Run(async (accounts, commands) => {
        await Promise.all([
          commands.dispatch(new Deposit('a', 1), { causationId: 'first' }),
          commands.dispatch(new Deposit('b', 2), { causationId: 'second' }),
        ]);
        await accounts.update('a', account => account.deposit(3));
      }),
      { causationId: 'outer' },
    );
    const { events } = await app.events.query({ types: ['account.deposited'] });
    const causes = events.map(event => [(event.payload as MoneyDeposited).amount, event.causationId]);
    expect(new Map(causes as [number, string][])).toEqual(
      new Map([
        [1, 'first'],
        [2, 'second'],
        [3, 'outer'],
      ]),
    );
  });
});

describe('an event that could not be applied, and whose error somebody caught', () => {
  test('leaves the others their own causes', async () => {
    const app = await start();
    const work = async (_accounts: unknown, commands: CommandBus): Promise<void> => {
      const purse = await app.repository(Purse).load('p');
      expect(() => purse.put(13)).toThrow(UnableToApplyEvent);
      const inner = new Run(() => app.repository(Purse).update('p', same => same.put(7)));
      await commands.dispatch(inner, { userId: 'inner' });
      purse.put(8);
    };
    await app.repository(Purse).create('p', purse => purse.put(1));
    await app.commands.dispatch(new Run(work), { userId: 'outer' });
    const { events } = await app.events.query({ types: ['purse.filled'] });
    expect(events.map(event => [event.payload, event.userId])).toEqual([
      [{ amount: 1 }, undefined],
      [{ amount: 7 }, 'inner'],
      [{ amount: 8 }, 'outer'],
    ]);
  });

  test.each([0, 1_000])('is in no later state, with %i aggregates cached', async cachedAggregates => {
    const app = await start(cachedAggregates);
    const purses = app.repository(Purse);
    const refuse = (purse: Purse): void => expect(() => purse.put(13)).toThrow(UnableToApplyEvent);
    await purses.create('p', purse => purse.put(1));
    await purses.update('p', refuse);
    await expect(purses.update('p', purse => purse.total)).resolves.toBe(1);
    await purses.update('p', purse => {
      refuse(purse);
      purse.put(2);
    });
    await expect(purses.update('p', purse => purse.total)).resolves.toBe(3);
  });
});

describe('a part that fails', () => {
  test('fails the whole command if it had raised events, even if its error is caught', async () => {
    const app = await start();
    const command = new Run(async accounts => {
      const part = accounts.update('a', account => {
        account.deposit(1);
        throw new DomainError('no');
      });
      await part.catch(() => undefined);
      await accounts.update('b', account => account.deposit(2));
    });
    await expect(app.commands.dispatch(command)).rejects.toThrow('no');
    await expect(depositsOf(app, 'a')).resolves.toEqual([]);
    await expect(depositsOf(app, 'b')).resolves.toEqual([]);
  });

  test('fails the whole command if its caller gave it up, because it may go on raising', async () => {
    const app = await start();
    const command = new Run(async (accounts, commands) => {
      let raiseLater = (): void => undefined;
      const inner = new Run(async innerAccounts => {
        const account = await innerAccounts.load('a');
        await new Promise<void>(resolve => (raiseLater = resolve));
        account.deposit(1);
      });
      await commands.dispatch(inner, { timeoutMs: 10 }).catch(() => undefined);
      raiseLater();
      await accounts.update('b', account => account.deposit(2));
    });
    await expect(app.commands.dispatch(command)).rejects.toThrow(CommandTimedOut);
    await expect(depositsOf(app, 'a')).resolves.toEqual([]);
    await expect(depositsOf(app, 'b')).resolves.toEqual([]);
  });

  test('may be caught if it had raised nothing', async () => {
    const app = await start();
    const command = new Run(async (accounts, commands) => {
      await commands.dispatch(new Deposit('a', -1)).catch(() => undefined);
      await accounts.update('b', account => account.deposit(2));
    });
    await app.commands.dispatch(command);
    await expect(depositsOf(app, 'b')).resolves.toEqual([2]);
  });
});

describe('what outlives its handler', () => {
  test('is on its own and stores what it changes', async () => {
    const app = await start();
    let later: Promise<unknown> = Promise.resolve();
    let go = (): void => undefined;
    const command = new Run((_accounts, commands) => {
      const gate = new Promise<void>(resolve => (go = resolve));
      later = gate.then(async () => commands.dispatch(new Deposit('a', 5)));
    });
    await app.commands.dispatch(command);
    go();
    await later;
    await expect(depositsOf(app, 'a')).resolves.toEqual([5]);
    await expect(app.commands.dispatch(new Deposit('a', 6))).resolves.toBe(11);
  });

  test('may not change an aggregate of the handler', async () => {
    const app = await start();
    let kept: Account | undefined;
    await app.commands.dispatch(
      new Run(async accounts => {
        kept = await accounts.load('a');
      }),
    );
    expect(() => kept?.deposit(555)).toThrow(ChangeAfterEnd);
    await app.commands.dispatch(new Deposit('a', 1));
    await expect(depositsOf(app, 'a')).resolves.toEqual([1]);
  });

  test.each([0, 1_000])(
    'may not change it while another handler is at work on it, with %i aggregates cached',
    async cachedAggregates => {
      const app = await start(cachedAggregates);
      let leaked: Promise<unknown> = Promise.resolve();
      let go = (): void => undefined;
      await app.commands.dispatch(
        new Run(async accounts => {
          const account = await accounts.load('a');
          const gate = new Promise<void>(resolve => (go = resolve));
          leaked = gate.then(() => account.deposit(1_000)).catch((error: unknown) => error);
        }),
        { userId: 'mallory' },
      );
      await app.commands.dispatch(
        new Run(async accounts => {
          const account = await accounts.load('a');
          go();
          await leaked;
          account.deposit(1);
        }),
        { userId: 'ada' },
      );
      await expect(leaked).resolves.toBeInstanceOf(ChangeAfterEnd);
      await expect(depositsOf(app, 'a')).resolves.toEqual([1]);
    },
  );

  test('does not keep others from the aggregate after a timeout', async () => {
    const app = await start();
    const hang = new Run(async accounts => {
      await accounts.load('a');
      await new Promise(() => undefined);
    });
    await expect(app.commands.dispatch(hang, { timeoutMs: 10 })).rejects.toThrow(CommandTimedOut);
    await expect(app.commands.dispatch(new Deposit('a', 1))).resolves.toBe(1);
  });
});

describe('an aggregate that was loaded outside of a handler', () => {
  test('is only for reading', async () => {
    const app = await start();
    const account = await app.repository(Account).load('a');
    expect(() => account.deposit(1)).toThrow(ReadOnlyAggregate);
  });
});

describe('an aggregate from EventReplay', () => {
  test('is only for reading, in a handler as well', async () => {
    const app = await start();
    for (const read of [
      async () => app.replay.rebuildAggregate(Account, 'a'),
      async () => app.replay.findAggregate(Account, 'a', { toVersion: 1 }),
    ]) {
      const change = async (): Promise<void> => (await read())!.deposit(1);
      await expect(change()).rejects.toThrow(ReadOnlyAggregate);
      await expect(app.commands.dispatch(new Run(change))).rejects.toThrow(ReadOnlyAggregate);
    }
    await expect(app.commands.dispatch(new Deposit('a', 2))).resolves.toBe(2);
  });
});

describe('a command id inside a handler', () => {
  test('runs once, also within one unit of work', async () => {
    const app = await start();
    const command = new Run(async (_accounts, commands) => {
      const first = await commands.dispatch(new Deposit('a', 5), { commandId: 'c-1' });
      return [first, await commands.dispatch(new Deposit('a', 5), { commandId: 'c-1' })];
    });
    await expect(app.commands.dispatch(command)).resolves.toEqual([5, 5]);
    await expect(depositsOf(app, 'a')).resolves.toEqual([5]);
  });
});

describe('options that make no sense', () => {
  test.each([Infinity, NaN, -1, 2 ** 31])('refuse a timeout of %p before anything runs', async timeoutMs => {
    const app = await start();
    const dispatched = app.commands.dispatch(new Deposit('a', 1), { timeoutMs });
    await expect(dispatched).rejects.toMatchObject({ code: 'invalid-query' });
    await expect(depositsOf(app, 'a')).resolves.toEqual([]);
  });

  test('refuse a projector that no module lists before anything runs', async () => {
    class Unlisted {}
    const app = await start();
    const dispatched = app.commands.dispatch(new Deposit('a', 1), { waitFor: [Unlisted] });
    await expect(dispatched).rejects.toMatchObject({ code: 'unknown-projection' });
    await expect(depositsOf(app, 'a')).resolves.toEqual([]);
  });

  test.each([undefined, null, 5, 'Deposit'])('refuse %p as a command', async command => {
    const app = await start();
    await expect(app.commands.dispatch(command as never)).rejects.toMatchObject({ code: 'no-handler' });
  });
});
