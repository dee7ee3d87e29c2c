import { Aggregate, AggregateRoot, Event, On } from 'annals';
import { defineModule } from 'annals/di';
import type { AnnalsModule } from 'annals/di';

/* The payload of `sampleEvents`, as a team would write it down. */
class Movement {
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

@Event('account.opened')
class AccountOpened extends Movement {}

@Event('account.deposited')
class MoneyDeposited extends Movement {}

@Event('account.withdrawn')
class MoneyWithdrawn extends Movement {}

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

/** The same fold as one function, for libraries that want it so. */
export function foldBalance(balance: number, type: string, amount: number): number {
  return type === 'account.withdrawn' ? balance - amount : balance + amount;
}

/** An app with accounts. */
export function accountModule(): AnnalsModule {
  return defineModule({ aggregates: [Account] });
}
