import { describe, expect, test } from '@jest/globals';
import { inject } from 'inversify';
import {
  CommandBus,
  DomainError,
  EventHandler,
  Handles,
  On,
  Projector,
  ReadModels,
  repositoryOf,
} from 'annals';
import type { CommandHandler, QueryHandler, Recorded, Repository } from 'annals';
import { defineModule } from 'annals/di';
import { anEvent, appScenario, onPGlite, onPostgres } from 'annals/testing';
import {
  Account,
  AccountOpened,
  Balances,
  Deposit,
  DepositHandler,
  MoneyDeposited,
  MoneyWithdrawn,
  OpenAccount,
  OpenAccountHandler,
  RichAccounts,
  Transfer,
  TransferHandler,
  bankModule,
} from '../../../support/bank.ts';
import { Amounts, poison, resetPoison } from '../../../support/poison.ts';
import { startBank } from '../../../support/start-bank.ts';
import { postgresUrl } from '../../../support/stores.ts';
import { failureOf } from './failure-of.ts';

/** Gives everybody who opens an account a welcome of ten. */
@Projector('welcome')
class Welcome extends EventHandler {
  constructor(@inject(CommandBus) private readonly commands: CommandBus) {
    super();
  }
  @On(AccountOpened) async opened({ aggregateId }: Recorded<AccountOpened>) {
    await this.commands.dispatch(new Deposit(aggregateId, 10));
  }
}

@Handles(RichAccounts)
class RichAccountsHandler implements QueryHandler<RichAccounts> {
  constructor(@inject(ReadModels) private readonly readModels: ReadModels) {}
  async handle({ atLeast }: RichAccounts) {
    const found = await this.readModels.of(Balances).find({ where: { balance: { atLeast } } });
    return found.map(({ id }) => id);
  }
}

const modules = [
  defineModule({
    aggregates: [Account],
    events: [AccountOpened],
    handlers: [OpenAccountHandler, DepositHandler, TransferHandler, RichAccountsHandler],
    projectors: [Balances, Welcome],
  }),
];

const twoAccounts = appScenario({ modules })
  .stream(Account, 'ada', new MoneyDeposited(100))
  .stream(Account, 'bob', new MoneyDeposited(5));

describe('appScenario', () => {
  test('tells what a command stores in several streams, answers and documents', () =>
    twoAccounts
      .when(new Transfer('ada', 'bob', 60))
      .thenEvents(
        anEvent(new MoneyDeposited(60)).recorded({ aggregateId: 'bob' }),
        anEvent(new MoneyWithdrawn(60)).recorded({ aggregateId: 'ada' }),
      )
      .and.thenAnswers(new RichAccounts(50), ['bob'])
      .and.thenDocuments(Balances, { ada: { balance: 40 } }));

  test('waits for reactions, too', () =>
    appScenario({ modules })
      .nothing()
      .when(new OpenAccount('ada', 'Ada'))
      .thenEvents(new AccountOpened('Ada'), new MoneyDeposited(10))
      .and.thenReturns('ada')
      .and.thenDocuments(Balances, { ada: { balance: 10 } }));

  test('waits for reactions to what was given, so that they are not taken for the outcome', () =>
    appScenario({ modules })
      .commands(new OpenAccount('ada', 'Ada'))
      .when(new Deposit('ada', 1))
      .thenEvents(new MoneyDeposited(1))
      .and.thenReturns(11));

  test('refuses, and leaves nothing', () =>
    twoAccounts
      .when(new Transfer('ada', 'bob', 101))
      .thenFails(DomainError, { message: 'The balance is 100.' })
      .and.thenNothing());

  test('lets two happen at the same time', () =>
    twoAccounts
      .whenConcurrently(new Transfer('ada', 'bob', 60), new Transfer('ada', 'bob', 60))
      .thenFails(DomainError, { message: 'The balance is 40.' })
      .and.thenDocuments(Balances, { ada: { balance: 40 }, bob: { balance: 65 } }));

  test('has both decide on the same state, and the slower one again', async () => {
    const decided: number[] = [];

    @Handles(Deposit)
    class WatchedDepositHandler implements CommandHandler<Deposit> {
      constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}
      handle({ accountId, amount }: Deposit) {
        return this.accounts.update(accountId, account => {
          decided.push(account.balance);
          account.deposit(amount);
          return account.balance;
        });
      }
    }

    const watched = [defineModule({ aggregates: [Account], handlers: [WatchedDepositHandler] })];
    const bothDeposit = (target: Parameters<typeof appScenario>[0]) =>
      appScenario(target)
        .stream(Account, 'ada', new MoneyDeposited(100))
        .whenConcurrently(new Deposit('ada', 1), new Deposit('ada', 2))
        .thenEvents(new MoneyDeposited(1), new MoneyDeposited(2));
    await bothDeposit({ modules: watched });
    // Then the laws tell it again.
    expect(decided.slice(0, 3)).toEqual([100, 100, 101]);
    const app = await startBank({ modules: watched });
    expect(await failureOf(bothDeposit(app))).toContain('do not race. Give appScenario the modules instead.');
    expect(await app.events.streamVersion({ aggregateType: 'account', aggregateId: 'ada' })).toBe(1);
  });

  test.each([
    ['PGlite', onPGlite()],
    ['PostgreSQL', onPostgres(postgresUrl())],
  ])('runs on %s, side by side', async (_name, store) => {
    const story = appScenario({ modules, store })
      .at('2026-02-03T00:00:00Z')
      .stream(Account, 'ada', new MoneyDeposited(100));
    await Promise.all([
      story.when(new Deposit('ada', 1)).thenAnswers(new RichAccounts(101), ['ada']),
      story.when(new Deposit('ada', -1)).thenFails(DomainError),
    ]);
  });

  test('acts on an app that runs already', async () => {
    const app = await startBank({ modules: [bankModule] });
    await app.commands.dispatch(new OpenAccount('ada', 'Ada'));
    const deposited = appScenario(app).when(new Deposit('ada', 5));
    await deposited.thenEvents(new MoneyDeposited(5)).and.thenDocuments(Balances, { ada: { balance: 5 } });
    expect(await app.events.streamVersion({ aggregateType: 'account', aggregateId: 'ada' })).toBe(2);
    await expect(
      failureOf(appScenario(app).at('2027-01-01').when(new Deposit('ada', 5)).thenNothing()),
    ).resolves.toContain('The clock of a running app cannot be set.');
  });

  test('says what a query or a document is instead', async () => {
    const transferred = twoAccounts.when(new Transfer('ada', 'bob', 60));
    await expect(failureOf(transferred.thenAnswers(new RichAccounts(50), ['ada']))).resolves.toMatch(
      /^RichAccounts is answered otherwise\.\n\n +expected +got\n +\[0\] +"ada" +"bob"$/,
    );
    await expect(failureOf(transferred.thenDocuments(Balances, { ada: { balance: 1 } }))).resolves.toContain(
      'ada.balance is 40, and 1 was expected.',
    );
    await expect(failureOf(transferred.thenDocuments(Balances, { eve: { balance: 1 } }))).resolves.toContain(
      'The document "eve" is missing.',
    );
    await expect(failureOf(transferred.thenDocuments(Balances, {}))).resolves.toBe(
      'thenDocuments(Balances, {}) looks at no document. Name those that must be there, by id.',
    );
  });

  test('names the event that a projector could not handle, and the line', async () => {
    resetPoison();
    const module = defineModule({ aggregates: [Account], handlers: [DepositHandler], projectors: [Amounts] });
    const failing = appScenario({ modules: [module] })
      .stream(Account, 'ada', new MoneyDeposited(1))
      .when(new Deposit('ada', poison.amount))
      .thenReturns(14);
    await expect(failureOf(failing)).resolves.toMatch(
      /^The projector "amounts" could not handle MoneyDeposited \(version 2 of ada\), key "ada":\n {4}RangeError: poison 13\n {6}at .*poison\.ts:/,
    );
  });

  test('says that no module has a handler of the command', async () => {
    const module = defineModule({ aggregates: [Account] });
    const unhandled = appScenario({ modules: [module] })
      .when(new Deposit('ada', 1))
      .thenNothing();
    await expect(failureOf(unhandled)).resolves.toMatch(
      /^.*\n {4}NoHandler: [^\n]*list it in a module's handlers\.$/,
    );
  });
});
