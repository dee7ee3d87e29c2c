import { inject } from 'inversify';
import {
  Aggregate,
  AggregateRoot,
  Command,
  DocumentProjector,
  DomainError,
  Event,
  Handles,
  On,
  Projector,
  Query,
  repositoryOf,
} from 'annals';
import type { CommandHandler, Decider, QueryHandler, Recorded, Repository } from 'annals';
import { defineModule } from 'annals/di';
import type { App } from 'annals/di';

/* The small domain that the tests share. */

@Event('account.opened')
export class AccountOpened {
  constructor(readonly owner: string) {}
}

@Event('account.deposited')
export class MoneyDeposited {
  constructor(readonly amount: number) {}
}

@Event('account.withdrawn')
export class MoneyWithdrawn {
  constructor(readonly amount: number) {}
}

@Event('account.email_changed')
export class EmailChanged {
  constructor(readonly email: string | null) {}
}

type AccountEvent = AccountOpened | MoneyDeposited | MoneyWithdrawn | EmailChanged;

@Aggregate('account')
export class Account extends AggregateRoot<AccountEvent> {
  balance = 0;
  email: string | null = null;

  open(owner: string) {
    if (this.version > 0) throw new DomainError('The account is open already.');
    this.raise(new AccountOpened(owner));
  }

  deposit(amount: number) {
    if (amount <= 0) throw new DomainError('A deposit must be positive.');
    this.raise(new MoneyDeposited(amount));
  }

  withdraw(amount: number) {
    if (amount > this.balance) throw new DomainError(`The balance is ${this.balance}.`);
    this.raise(new MoneyWithdrawn(amount));
  }

  changeEmail(email: string | null) {
    this.raise(new EmailChanged(email));
  }

  override uniqueKeys(): string[] {
    return this.email === null ? [] : [`email:${this.email}`];
  }

  @On(MoneyDeposited) protected deposited(event: MoneyDeposited) {
    this.balance += event.amount;
  }

  @On(MoneyWithdrawn) protected withdrawn(event: MoneyWithdrawn) {
    this.balance -= event.amount;
  }

  @On(EmailChanged) protected emailChanged(event: EmailChanged) {
    this.email = event.email;
  }
}

export class OpenAccount extends Command<string> {
  constructor(
    readonly accountId: string,
    readonly owner: string,
  ) {
    super();
  }
}

export class Deposit extends Command<number> {
  constructor(
    readonly accountId: string,
    readonly amount: number,
  ) {
    super();
  }
}

export class Transfer extends Command {
  constructor(
    readonly from: string,
    readonly to: string,
    readonly amount: number,
  ) {
    super();
  }
}

@Handles(OpenAccount)
export class OpenAccountHandler implements CommandHandler<OpenAccount> {
  constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}

  async handle({ accountId, owner }: OpenAccount) {
    await this.accounts.create(accountId, account => account.open(owner));
    return accountId;
  }
}

@Handles(Deposit)
export class DepositHandler implements CommandHandler<Deposit> {
  constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}

  handle({ accountId, amount }: Deposit) {
    return this.accounts.update(accountId, account => {
      account.deposit(amount);
      return account.balance;
    });
  }
}

@Handles(Transfer)
export class TransferHandler implements CommandHandler<Transfer> {
  constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}

  async handle({ from, to, amount }: Transfer) {
    await this.accounts.update(to, account => account.deposit(amount));
    await this.accounts.update(from, account => account.withdraw(amount));
  }
}

@Projector('balances')
export class Balances extends DocumentProjector<{ balance: number }> {
  @On(MoneyDeposited) deposited(doc = { balance: 0 }, { payload }: Recorded<MoneyDeposited>) {
    return { balance: doc.balance + payload.amount };
  }

  @On(MoneyWithdrawn) withdrawn(doc = { balance: 0 }, { payload }: Recorded<MoneyWithdrawn>) {
    return { balance: doc.balance - payload.amount };
  }
}

export class RichAccounts extends Query<string[]> {
  constructor(readonly atLeast: number) {
    super();
  }
}

@Handles(RichAccounts)
export class RichAccountsHandler implements QueryHandler<RichAccounts> {
  handle({ atLeast }: RichAccounts) {
    return [`at least ${atLeast}`];
  }
}

@Event('counter.counted')
export class Counted {
  constructor(readonly by: number) {}
}

export const counter: Decider<{ by: number }, Counted, number> = {
  aggregateType: 'counter',
  events: [Counted],
  initialState: () => 0,
  decide: ({ by }, total) => {
    if (total + by > 100) throw new DomainError(`The counter is at ${total}.`);
    return new Counted(by);
  },
  evolve: (total, event) => total + event.by,
};

export const bankModule = defineModule({
  name: 'bank',
  aggregates: [Account, counter],
  events: [AccountOpened],
  handlers: [OpenAccountHandler, DepositHandler, TransferHandler, RichAccountsHandler],
  projectors: [Balances],
});

/** Deposits amounts to accounts, in one append: without gaps between positions, and maybe in one batch. */
export async function deposit(app: App, ...deposits: [id: string, ...amounts: number[]][]): Promise<void> {
  await app.events.appendMany(
    deposits.map(([aggregateId, ...amounts]) => ({
      stream: { aggregateType: 'account', aggregateId },
      expectedVersion: 'any' as const,
      events: amounts.map(amount => ({ type: 'account.deposited', payload: { amount } })),
    })),
  );
}
