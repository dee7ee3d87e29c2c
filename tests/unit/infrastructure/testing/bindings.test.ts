import { describe, expect, test } from '@jest/globals';
import { inject } from 'inversify';
import { Command, DocumentProjector, EventHandler, Handles, On, Projector, repositoryOf } from 'annals';
import type { CommandHandler, Recorded, Repository } from 'annals';
import { defineModule } from 'annals/di';
import type { App } from 'annals/di';
import { appScenario, projectionFor, scenarioFor } from 'annals/testing';
import { Account, AccountOpened, MoneyDeposited } from '../../../support/bank.ts';

/** What the bank pays for opening an account; production asks another service. */
abstract class Bonus {
  abstract amountFor(owner: string): Promise<number>;
}

class FixedBonus extends Bonus {
  override amountFor(owner: string): Promise<number> {
    return Promise.resolve(owner.length);
  }
}

const bind = (container: App['container']): void => {
  container.bind(Bonus).toConstantValue(new FixedBonus());
};

class Welcome extends Command {
  constructor(
    readonly accountId: string,
    readonly owner: string,
  ) {
    super();
  }
}

@Handles(Welcome)
class WelcomeHandler implements CommandHandler<Welcome> {
  constructor(
    @inject(repositoryOf(Account)) private readonly accounts: Repository<Account>,
    @inject(Bonus) private readonly bonus: Bonus,
  ) {}

  async handle({ accountId, owner }: Welcome) {
    const amount = await this.bonus.amountFor(owner);
    await this.accounts.create(accountId, account => {
      account.open(owner);
      account.deposit(amount);
    });
  }
}

@Projector('with_bonus')
class WithBonus extends DocumentProjector<{ bonus: number }> {
  constructor(@inject(Bonus) private readonly bonus: FixedBonus) {
    super();
  }
  @On(AccountOpened) opened(_doc: unknown, { payload }: Recorded<AccountOpened>) {
    return { bonus: this.bonus.constructor === FixedBonus ? payload.owner.length : 0 };
  }
}

const sent: string[] = [];

@Projector('letters')
class Letters extends EventHandler {
  constructor(@inject(Bonus) private readonly bonus: Bonus) {
    super();
  }
  @On(AccountOpened) async opened({ payload, eventId }: Recorded<AccountOpened>) {
    sent.push(`${payload.owner} gets ${await this.bonus.amountFor(payload.owner)} (${eventId.slice(-1)})`);
  }
}

const expected = [new AccountOpened('Ada'), new MoneyDeposited(3)] as const;

describe('what a test binds', () => {
  test('is given to the handlers of a scenario', () =>
    scenarioFor(Account, { id: 'acc-1', handlers: [WelcomeHandler], bind })
      .when(new Welcome('acc-1', 'Ada'))
      .thenEvents(...expected));

  test('is given to projectors', () =>
    projectionFor(WithBonus, { bind })
      .on('acc-1', new AccountOpened('Ada'))
      .thenDocuments({ 'acc-1': { bonus: 3 } }));

  test('is given to the handlers and reactions of an application', async () => {
    const module = defineModule({
      aggregates: [Account],
      events: [AccountOpened],
      handlers: [WelcomeHandler],
      projectors: [Letters],
    });
    await appScenario({ modules: [module], bind, withoutLaws: ['same-input-same-events'] })
      .when(new Welcome('acc-1', 'Ada'))
      .thenEvents(...expected);
    expect(sent).toEqual([expect.stringMatching(/^Ada gets 3 \(\d\)$/)]);
  });
});
