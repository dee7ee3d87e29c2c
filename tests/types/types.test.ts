import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { expectTypeOf } from 'expect-type';
import {
  AggregateRoot,
  Command,
  DocumentProjector,
  DomainError,
  EventHandler,
  Handles,
  On,
  Projector,
  TableProjector,
} from 'annals';
import type { App } from 'annals/di';
import type { CommandHandler, DeciderAggregate, Recorded, Repository, TableTransaction } from 'annals';
import { anEvent, eventThat, scenarioFor } from 'annals/testing';
import type { Counted } from '../support/bank.ts';
import { problemsAsInTutorial } from '../support/compile-as-tutorial.ts';
import {
  Account,
  AccountOpened,
  Balances,
  Counted as CountedEvent,
  Deposit,
  DepositHandler,
  MoneyDeposited,
  OpenAccount,
  RichAccounts,
  bankModule,
  counter,
} from '../support/bank.ts';

/* Checked by the compiler: a line behind @ts-expect-error that compiled would be an error itself. */
declare const app: App;

class NoMoney {
  constructor(readonly nothing: string) {}
}

describe('the compiler', () => {
  test('knows results of commands and queries', () => {
    expectTypeOf<ReturnType<Calls['dispatchDeposit']>>().resolves.toEqualTypeOf<number>();
    expectTypeOf<ReturnType<Calls['dispatchOpen']>>().resolves.toEqualTypeOf<string>();
    expectTypeOf<ReturnType<Calls['ask']>>().resolves.toEqualTypeOf<string[]>();
  });

  test('knows aggregates, documents and deciders', () => {
    expectTypeOf<ReturnType<Calls['loadAccount']>>().resolves.toExtend<Account>();
    expectTypeOf<ReturnType<Calls['balance']>>().resolves.toEqualTypeOf<{ balance: number } | undefined>();
    type Counter = DeciderAggregate<{ by: number }, Counted, number>;
    expectTypeOf<ReturnType<Calls['rebuildCounter']>>().resolves.toEqualTypeOf<Counter>();
  });

  test('keeps the undefined of a result without exactOptionalPropertyTypes', () => {
    expect(problemsAsInTutorial([join(import.meta.dirname, 'undefined-results.ts')])).toEqual([]);
  });
});

/* Never called: what the compiler makes of it counts. */
class Calls {
  readonly dispatchDeposit = async () => app.commands.dispatch(new Deposit('a', 1));
  readonly dispatchOpen = async () => app.commands.dispatch(new OpenAccount('a', 'Ada'));
  readonly ask = async () => app.queries.ask(new RichAccounts(1));
  readonly loadAccount = async () => app.repository(Account).load('a');
  readonly balance = async () => app.readModels.of(Balances).get('a');
  readonly rebuildCounter = async () => app.replay.rebuildAggregate(counter, 'c');
}

/* Never called: what must not compile. */
export function refused(): void {
  refusedByScenarios();
  // @ts-expect-error -- projectors are classes, not names
  void app.commands.dispatch(new Deposit('a', 1), { waitFor: ['balances'] });
  // @ts-expect-error -- the decider takes { by: number }
  void app.repository(counter).update('c', aggregate => aggregate.decide({ times: 2 }));
  // @ts-expect-error -- the result is a number
  const text: Promise<string> = app.commands.dispatch(new Deposit('a', 1));
  void text;
}

/* Never called: what a scenario must not take. */
function refusedByScenarios(): void {
  // @ts-expect-error -- a foreign event
  void scenarioFor(Account).events(new NoMoney('x'));
  const given = scenarioFor(Account).events(new AccountOpened('Ada'));
  // @ts-expect-error -- not a method of the aggregate
  void given.when(account => account.fly());
  const then = given.when(account => account.deposit(1));
  // @ts-expect-error -- a foreign event is expected
  void then.thenEvents(new NoMoney('x'));
  // @ts-expect-error -- a pattern of a foreign event
  void then.thenIncludes(anEvent(NoMoney));
  // @ts-expect-error -- a field that the event does not have
  void then.thenEvents(anEvent(MoneyDeposited, { cents: 1 }));
  // @ts-expect-error -- a part of the envelope that does not exist
  void then.thenEvents(anEvent(MoneyDeposited).recorded({ by: 'ada' }));
  // @ts-expect-error -- a predicate over a field that the event does not have
  void then.thenEvents(eventThat(MoneyDeposited, 'is a lot', event => event.cents > 1));
  // @ts-expect-error -- a field that the aggregate does not have
  void then.thenState({ cents: 1 });
  // @ts-expect-error -- a field that the error does not have
  void then.thenFails(DomainError, { cents: 1 });
  // @ts-expect-error -- nobody handles commands here
  void given.when(new Rename('x'));
  const withHandlers = scenarioFor(Account, { handlers: [DepositHandler] });
  void withHandlers.when(new Deposit('a', 1)).thenEvents(new MoneyDeposited(1));
  // @ts-expect-error -- nobody handles this command here
  void withHandlers.when(new Rename('x'));
  // @ts-expect-error -- a given command that nobody handles
  void withHandlers.commands(new Rename('x'));
  void scenarioFor(Account, { modules: [bankModule] }).when(new Rename('x'));
  void scenarioFor(counter).when({ by: 1 }).thenEvents(new CountedEvent(1));
  // @ts-expect-error -- the decider takes { by: number }
  void scenarioFor(counter).when({ times: 1 });
  // @ts-expect-error -- not an event of the decider
  void scenarioFor(counter).events(new AccountOpened('Ada'));
  void scenarioFor(counter)
    .stream(Account, 'a', new AccountOpened('Ada'))
    .when({ by: 1 })
    .thenEvents(new AccountOpened('Ada'));
  // @ts-expect-error -- not an event of the other aggregate
  void scenarioFor(Account).stream(counter, 'c', new NoMoney('x'));
}

class Rename extends Command<number> {
  constructor(readonly name: string) {
    super();
  }
}

// @ts-expect-error -- the handler of Rename returns a number
@Handles(Rename)
export class WrongResult {
  handle(_command: Rename): string {
    return 'x';
  }
}

export class WrongCommand implements CommandHandler<Rename> {
  // @ts-expect-error -- a handler of Deposit does not handle Rename
  handle(_command: Deposit): number {
    return 1;
  }
}

@Projector('wrong')
export class WrongMethods extends DocumentProjector<{ balance: number }> {
  @On(MoneyDeposited) fine(doc = { balance: 0 }, event: Recorded<MoneyDeposited>) {
    return { balance: doc.balance + event.payload.amount };
  }
  // @ts-expect-error -- NoMoney is not what MoneyDeposited carries
  @On(MoneyDeposited) payload(doc: { balance: number }, _event: Recorded<NoMoney>) {
    return doc;
  }
  // @ts-expect-error -- another document
  @On(MoneyDeposited) returned(doc: { balance: number }, _event: Recorded<MoneyDeposited>) {
    return { total: doc.balance };
  }
  // @ts-expect-error -- returns nothing
  @On(MoneyDeposited) nothing(_doc: { balance: number }, _event: Recorded<MoneyDeposited>) {
    return undefined;
  }
  // @ts-expect-error -- takes no document
  @On(MoneyDeposited) eventOnly(event: Recorded<MoneyDeposited>) {
    return { balance: event.payload.amount };
  }
}

export class WrongTables extends TableProjector {
  readonly tables = {};
  @On(MoneyDeposited) async fine(event: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.query('select $1', [event.payload.amount]);
  }
  // @ts-expect-error -- the event comes first
  @On(MoneyDeposited) async swapped(_tx: TableTransaction, _event: Recorded<MoneyDeposited>) {
    await Promise.resolve();
  }
}

export class WrongReaction extends EventHandler {
  @On(MoneyDeposited) async fine(event: Recorded<MoneyDeposited>) {
    await Promise.resolve(event.payload.amount);
  }
  // @ts-expect-error -- it gets the recorded event, not the payload
  @On(MoneyDeposited) payload(_event: MoneyDeposited) {
    return undefined;
  }
}

export class WrongAggregate extends AggregateRoot<MoneyDeposited> {
  @On(MoneyDeposited) protected fine(_event: MoneyDeposited) {
    return undefined;
  }
  // @ts-expect-error -- not an event of this aggregate
  @On(NoMoney) protected foreign(_event: NoMoney) {
    return undefined;
  }
  // @ts-expect-error -- the payload of another event
  @On(MoneyDeposited) protected other(_event: NoMoney) {
    return undefined;
  }
}

export type RepositoryIsTyped = Repository<Account>;
