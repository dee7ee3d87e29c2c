import { inject } from 'inversify';
import { Command, Handles, Query, ReadModels, repositoryOf } from 'annals';
import type { CommandContext, CommandHandler, QueryContext, QueryHandler, Repository } from 'annals';
import { defineModule } from 'annals/di';
import { z } from 'zod';
import { Account, Balances } from '../../../support/bank.ts';

/* Commands and queries of a bank's desk: with schemas, and with handlers that wait for whoever calls them. */

export class ChangeEmail extends Command<string | null> {
  static readonly schema = z.object({
    accountId: z.string().min(1),
    email: z.email().nullable().default(null),
  });

  constructor(
    readonly accountId: string,
    readonly email: string | null,
  ) {
    super();
  }
}

@Handles(ChangeEmail)
export class ChangeEmailHandler implements CommandHandler<ChangeEmail> {
  constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}

  async handle({ accountId, email }: ChangeEmail) {
    await this.accounts.update(accountId, account => account.changeEmail(email));
    return email;
  }
}

/** Deposits when its caller has given up, which is too late. */
export class DepositLate extends Command {
  constructor(readonly accountId: string) {
    super();
  }

  describe(): string {
    return `deposit into ${this.accountId}`;
  }
}

/** How many handlers of `DepositLate` have begun and ended. */
export const late = { began: 0, ended: 0 };

@Handles(DepositLate)
export class DepositLateHandler implements CommandHandler<DepositLate> {
  constructor(@inject(repositoryOf(Account)) private readonly accounts: Repository<Account>) {}

  async handle({ accountId }: DepositLate, { signal }: CommandContext) {
    late.began++;
    await new Promise(resolve => signal.addEventListener('abort', resolve));
    await this.accounts
      .update(accountId, account => account.deposit(1))
      .finally(() => {
        late.ended++;
      });
  }
}

export class BalanceOf extends Query<number | undefined> {
  constructor(readonly accountId: string) {
    super();
  }
}

/** How many handlers of queries have begun. */
export const asked = { began: 0 };

@Handles(BalanceOf)
export class BalanceOfHandler implements QueryHandler<BalanceOf> {
  constructor(@inject(ReadModels) private readonly readModels: ReadModels) {}

  async handle({ accountId }: BalanceOf) {
    asked.began++;
    return (await this.readModels.of(Balances).get(accountId))?.balance;
  }
}

export class AccountsFrom extends Query<{ readonly ids: readonly string[]; readonly asked: unknown }> {
  static readonly messageName = 'accounts';
  static readonly schema = z.object({ least: z.number(), newestFirst: z.boolean().default(false) });

  constructor(
    readonly least: number,
    readonly newestFirst: boolean,
  ) {
    super();
  }
}

@Handles(AccountsFrom)
export class AccountsFromHandler implements QueryHandler<AccountsFrom> {
  constructor(@inject(ReadModels) private readonly readModels: ReadModels) {}

  async handle({ least, newestFirst }: AccountsFrom, { userId, actor }: QueryContext) {
    asked.began++;
    const found = await this.readModels.of(Balances).find({ where: { balance: { atLeast: least } } });
    return { ids: found.map(({ id }) => id), asked: { least, newestFirst, userId, actor } };
  }
}

export const deskModule = defineModule({
  name: 'desk',
  handlers: [ChangeEmailHandler, DepositLateHandler, BalanceOfHandler, AccountsFromHandler],
});
