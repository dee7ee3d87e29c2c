import { Aggregate, AggregateRoot, Event, On, everyEvents } from 'annals';
import type { AggregateClass, Class } from 'annals';
import { defineModule } from 'annals/di';
import type { AnnalsModule } from 'annals/di';

/** The payload of `sampleEvents`, as a team would write it down. */
export class Movement {
  readonly amount: number;
  readonly currency: string;
  readonly isCashless: boolean;
  readonly owner: string;
  readonly note: string;

  constructor(fields: Movement) {
    this.amount = fields.amount;
    this.currency = fields.currency;
    this.isCashless = fields.isCashless;
    this.owner = fields.owner;
    this.note = fields.note;
  }
}

/** The first of a sample stream. */
@Event('account.opened')
export class AccountOpened extends Movement {}

/** The second of a sample stream. */
@Event('account.deposited')
export class MoneyDeposited extends Movement {}

/** The third of a sample stream. */
@Event('account.withdrawn')
export class MoneyWithdrawn extends Movement {}

/** An account whose balance is folded from its events; the others fold the same. */
@Aggregate('account')
export class Account extends AggregateRoot<Movement> {
  balance = 0;

  /** Raises one event that carries all that a sample event carries. */
  deposit(payload: unknown): void {
    this.raise(new MoneyDeposited(payload as Movement));
  }

  @On(AccountOpened) protected opened(event: AccountOpened): void {
    this.balance += event.amount;
  }

  @On(MoneyDeposited) protected deposited(event: MoneyDeposited): void {
    this.balance += event.amount;
  }

  @On(MoneyWithdrawn) protected withdrawn(event: MoneyWithdrawn): void {
    this.balance -= event.amount;
  }
}

/** An account that keeps its state at every so many events. */
export function accountWithSnapshots(events: number): AggregateClass<Account> {
  @Aggregate('account', { snapshots: { version: 1, when: everyEvents(events) } })
  class KeptAccount extends Account {}
  return KeptAccount;
}

/** The same fold as one function, for libraries that want it so. */
export function foldBalance(balance: number, type: string, amount: number): number {
  return type === 'account.withdrawn' ? balance - amount : balance + amount;
}

/** An app with accounts and these projectors. */
export function accountModule(projectors: readonly Class[] = []): AnnalsModule {
  return defineModule({ aggregates: [Account], projectors });
}
