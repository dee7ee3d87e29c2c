import 'reflect-metadata';
import { Type } from 'class-transformer';
import { describe, expect, test } from '@jest/globals';
import { Container, inject } from 'inversify';
import {
  Aggregate,
  AggregateRoot,
  Command,
  DocumentProjector,
  Event,
  EventReplay,
  Handles,
  On,
  Projector,
  ReadModelProjector,
  RegisteredTooLate,
  repositoryOf,
} from 'annals';
import type { CommandHandler, Recorded } from 'annals';
import { InvalidModules, bindAnnals, createApp, defineModule, memory } from 'annals/di';
import { Account, Balances, Deposit, MoneyDeposited, bankModule } from '../../../support/bank.ts';

async function problemsOf(...definitions: Parameters<typeof defineModule>[0][]): Promise<readonly string[]> {
  const start = createApp({
    store: memory(),
    modules: definitions.map(definition => defineModule(definition)),
  });
  const error: unknown = await start.then(
    () => new Error('it started'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InvalidModules);
  return (error as InvalidModules).problems;
}

@Event('account.deposited')
class OtherDeposited {}

@Aggregate('account')
class OtherAccount extends AggregateRoot {
  @On(OtherDeposited) protected deposited() {
    return undefined;
  }
}

@Handles(Deposit)
class FirstHandler implements CommandHandler<Deposit> {
  handle() {
    return 1;
  }
}

@Handles(Deposit)
class SecondHandler extends FirstHandler {}

class Undecorated extends FirstHandler {}

class Lonely extends Command {}

@Event('ghost.seen')
class GhostSeen {}

@Projector('Bad Name', { version: 0 })
class Ghosts extends DocumentProjector<object> {
  @On(GhostSeen) seen(_doc: unknown, _event: Recorded<GhostSeen>) {
    return {};
  }
}

describe('createApp', () => {
  test('lists every problem of the modules at once, with the class names', async () => {
    const problems = await problemsOf(
      { aggregates: [Account, OtherAccount], handlers: [FirstHandler, SecondHandler] },
      { messages: [Lonely], projectors: [Ghosts, Balances, Undecorated], handlers: [Undecorated] },
    );
    expect(problems).toEqual([
      'The aggregate name "account" is used by Account and OtherAccount. Rename one.',
      'The event name "account.deposited" is used by MoneyDeposited and OtherDeposited. Rename one.',
      'Undecorated is listed in handlers but has no @Handles(Message).',
      'Deposit is handled by FirstHandler and SecondHandler. Keep one.',
      'Lonely has no handler. Write one with @Handles(Lonely).',
      "Undecorated is listed in projectors but has no @Projector('name').",
      'The projector name "Bad Name" of Ghosts is not usable: up to 28 lower-case letters, digits and underscores, beginning with a letter.',
      'The version of projector Ghosts is 0. Give a whole number from 1.',
      "Ghosts.seen handles GhostSeen, which no module knows. List it in a module's events.",
    ]);
  });

  test('names a handler whose dependency is bound nowhere', async () => {
    @Handles(Lonely)
    class Needy implements CommandHandler<Lonely> {
      constructor(@inject(repositoryOf(Account)) readonly accounts: unknown) {}
      handle() {
        return undefined;
      }
    }
    const [problem] = await problemsOf({ handlers: [Needy] });
    expect(problem).toContain('Needy could not be made: No bindings found');
    expect(problem).toMatch(/Repository<Account>.* List Account in a module's aggregates\.$/);
  });

  test('names a service that nobody has bound', async () => {
    @Handles(Lonely)
    class Needy implements CommandHandler<Lonely> {
      constructor(@inject('mailer') readonly mailer: unknown) {}
      handle() {
        return undefined;
      }
    }
    const [problem] = await problemsOf({ handlers: [Needy] });
    expect(problem).toMatch(
      /^Needy could not be made: No bindings found .*mailer.* Bind it: createApp\(options, /,
    );
  });
});

describe('bindAnnals', () => {
  test('works in a container that the application already has', async () => {
    const container = new Container();
    container.bind('greeting').toConstantValue('hello');
    const said: string[] = [];
    class Greet extends Command {}
    @Handles(Greet)
    class GreetHandler implements CommandHandler<Greet> {
      constructor(@inject('greeting') private readonly greeting: string) {}
      handle() {
        said.push(this.greeting);
      }
    }
    const modules = [bankModule, defineModule({ handlers: [GreetHandler] })];
    await using app = await bindAnnals(container, { store: memory(), modules });
    await app.commands.dispatch(new Greet());
    expect(said).toEqual(['hello']);
    expect(container.get(EventReplay)).toBe(app.replay);
    expect(container.get(repositoryOf(Account))).toBe(app.repository(Account));
  });
});

describe('two apps in one process', () => {
  test('do not see each other', async () => {
    await using first = await createApp({ store: memory(), modules: [bankModule] });
    await using second = await createApp({ store: memory(), modules: [bankModule] });
    await first.repository(Account).create('a', account => account.deposit(1));
    await expect(second.repository(Account).find('a')).resolves.toBeUndefined();
    expect(new MoneyDeposited(1).amount).toBe(1);
  });
});

describe('a start that fails', () => {
  test('leaves the container as it was', async () => {
    const container = new Container();
    const broken = defineModule({
      register: () => {
        throw new Error('not today');
      },
    });
    const failed = bindAnnals(container, { store: memory(), modules: [bankModule, broken] });
    await expect(failed).rejects.toThrow('not today');
    expect(container.isBound(EventReplay)).toBe(false);
    await using app = await bindAnnals(container, { store: memory(), modules: [bankModule] });
    expect(container.get(EventReplay)).toBe(app.replay);
  });
});

describe('a function registered after the start', () => {
  test('is refused, because it would never be called', async () => {
    await using app = await createApp({ store: memory(), modules: [bankModule] });
    const registry = app.container.get(ReadModelProjector);
    expect(() => registry.register('account.opened', () => undefined)).toThrow(RegisteredTooLate);
  });
});

describe('A module with aggregates that have snapshots', () => {
  const snapshots = { version: 1 };

  test('is refused where fields hide, with the way out', async () => {
    class Base extends AggregateRoot {
      #audit = 0;
      count() {
        return ++this.#audit;
      }
    }
    @Aggregate('hiding', { snapshots })
    class Hiding extends Base {}
    await expect(problemsOf({ aggregates: [Hiding] })).resolves.toEqual([
      "Hiding has snapshots and #private fields, which nobody can copy from outside. Make them TypeScript's private, " +
        'or write toSnapshot() and fromSnapshot().',
    ]);
  });

  test('is refused where only one half of the copying is written, and where the version makes no sense', async () => {
    @Aggregate('half', { snapshots })
    class Half extends AggregateRoot {
      protected override toSnapshot() {
        return {};
      }
    }
    @Aggregate('odd', { snapshots: { version: 1.5 } })
    class Odd extends AggregateRoot {}
    @Aggregate('old', { snapshots: { version: 0 } })
    class Old extends AggregateRoot {}
    @Aggregate('huge', { snapshots: { version: 2 ** 31 } })
    class Huge extends AggregateRoot {}
    await expect(problemsOf({ aggregates: [Half, Odd, Old, Huge] })).resolves.toEqual([
      'Half has only one of toSnapshot() and fromSnapshot(). Write the other one, too.',
      'The snapshots version of Odd is 1.5. Give a whole number from 1.',
      'The snapshots version of Old is 0. Give a whole number from 1.',
      'The snapshots version of Huge is 2147483648. Give a whole number from 1.',
    ]);
  });

  test('starts with private methods, and with fields that it copies itself', async () => {
    @Aggregate('clear', { snapshots })
    class Clear extends AggregateRoot {
      private readonly text = 'a "#quoted" one'; // Not #hidden;
      grow() {
        return this.#grown();
      }
      #grown() {
        return this.text;
      }
    }
    @Aggregate('copying', { snapshots })
    class Copying extends AggregateRoot {
      #total = 0;
      protected override toSnapshot() {
        return { total: this.#total };
      }
      protected override fromSnapshot({ total }: { total: number }) {
        this.#total = total;
      }
    }
    @Aggregate('without')
    class Without extends AggregateRoot {
      #total = 0;
      grow() {
        return ++this.#total;
      }
    }
    expect([new Clear().grow(), new Without().grow()]).toEqual(['a "#quoted" one', 1]);
    const aggregates = [Clear, Copying, Without];
    await using app = await createApp({ store: memory(), modules: [defineModule({ aggregates })] });
    expect(app.aggregates).toEqual(aggregates);
  });
});

describe('An event that class-transformer could not make again', () => {
  class Amount {
    readonly cents: number;
    constructor({ cents }: { cents: number }) {
      this.cents = cents;
    }
  }

  @Event('bill.paid')
  class Paid {
    @Type(() => Date) readonly on: Date;
    @Type(() => Amount) readonly amount: Amount;
    constructor(on: Date, amount: Amount) {
      this.on = on;
      this.amount = amount;
    }
  }

  @Event('bill.sent')
  class Sent {
    @Type(() => Date) readonly on: Date;
    constructor(fields: { on: Date }) {
      this.on = fields.on;
    }
  }

  @Event('bill.noted')
  class Undecided {
    readonly text: string;
    constructor(fields: { text: string }) {
      this.text = fields.text;
    }
  }

  test('is refused at the start, with the class and what its constructor threw', async () => {
    expect(await problemsOf({ events: [Paid, Sent, Undecided] })).toEqual([
      expect.stringMatching(
        /^Amount, of which Paid has fields, could be stored and never read: .* threw ".*cents.*"\./,
      ),
      expect.stringMatching(
        /^Sent could be stored and never read: .* threw ".*on.*"\. Let it bear that, or take/,
      ),
    ]);
  });
});
