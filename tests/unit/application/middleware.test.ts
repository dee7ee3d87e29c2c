import { describe, expect, test } from '@jest/globals';
import { inject } from 'inversify';
import { z } from 'zod';
import {
  Command,
  CommandBus,
  DomainError,
  Handles,
  NotAuthorized,
  ValidationFailed,
  WaitInsideHandler,
  authorization,
  classValidation,
} from 'annals';
import type { CommandHandler } from 'annals';
import { defineModule } from 'annals/di';
import type { AppOptions } from 'annals/di';
import { Balances, Deposit, OpenAccount, RichAccounts, bankModule } from '../../support/bank.ts';
import { startBank, versionOf } from '../../support/start-bank.ts';

describe('middleware', () => {
  test('runs in order around the handler and sees the outcome', async () => {
    const seen: string[] = [];
    const note = (name: string): NonNullable<AppOptions['middleware']>[number] => {
      return async (_command, _context, next) => {
        seen.push(`${name} before`);
        const outcome = await next();
        seen.push(`${name} ${outcome.status}`);
        return outcome;
      };
    };
    const app = await startBank({ middleware: [note('outer'), note('inner')] });
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    await expect(app.commands.dispatch(new Deposit('acc-1', -1))).rejects.toThrow(DomainError);
    expect(seen).toEqual([
      ...['outer before', 'inner before', 'inner succeeded', 'outer succeeded'],
      ...['outer before', 'inner before', 'inner failed', 'outer failed'],
    ]);
  });

  test('of authorization refuses by user', async () => {
    const app = await startBank({ middleware: [authorization((_command, { userId }) => userId === 'ada')] });
    await app.commands.dispatch(new OpenAccount('acc-1', 'Ada'), { userId: 'ada' });
    const refused = app.commands.dispatch(new OpenAccount('acc-2', 'Bob'), { userId: 'bob' });
    await expect(refused).rejects.toThrow(NotAuthorized);
    await expect(versionOf(app, 'acc-2')).resolves.toBe(0);
  });

  test('of class-validator lists every issue with its path', async () => {
    const validate = async (): Promise<{ property: string; children: object[] }[]> => [
      { property: 'owner', children: [{ property: 'name', constraints: { isString: 'must be a text' } }] },
    ];
    const app = await startBank({ middleware: [classValidation(validate as never)] });
    const refused = app.commands.dispatch(new OpenAccount('acc-1', 'Ada'));
    await expect(refused).rejects.toMatchObject({
      issues: [{ path: 'owner.name', message: 'must be a text' }],
    });
  });
});

describe('validation by a Standard Schema', () => {
  class Rename extends Command {
    static readonly schema = z.object({
      name: z.string().min(2),
      lines: z.array(z.object({ amount: z.number() })),
    });
    constructor(
      readonly name: string,
      readonly lines: { amount: unknown }[],
    ) {
      super();
    }
  }
  @Handles(Rename)
  class RenameHandler implements CommandHandler<Rename> {
    handle() {
      return undefined;
    }
  }

  test('lists every issue with its path before the handler runs', async () => {
    const app = await startBank({ modules: [defineModule({ handlers: [RenameHandler] })] });
    const refused = app.commands.dispatch(new Rename('x', [{ amount: 'many' }]));
    await expect(refused).rejects.toThrow(ValidationFailed);
    await expect(refused).rejects.toMatchObject({ issues: [{ path: 'name' }, { path: 'lines[0].amount' }] });
  });
});

describe('waitFor inside a handler', () => {
  test('is refused, because it could never end', async () => {
    class Outer extends Command {}
    @Handles(Outer)
    class OuterHandler implements CommandHandler<Outer> {
      constructor(@inject(CommandBus) private readonly commands: CommandBus) {}
      async handle() {
        await this.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Balances] });
      }
    }
    const app = await startBank({ modules: [bankModule, defineModule({ handlers: [OuterHandler] })] });
    await expect(app.commands.dispatch(new Outer())).rejects.toThrow(WaitInsideHandler);
  });
});

describe('QueryBus', () => {
  test('returns what the handler answers', async () => {
    const app = await startBank();
    await expect(app.queries.ask(new RichAccounts(5))).resolves.toEqual(['at least 5']);
  });

  test('refuses to read what is as new as nothing that it could wait for', async () => {
    const app = await startBank();
    const appended = { stream: { aggregateType: 'account', aggregateId: 'a' }, version: 1, lastPosition: 1 };
    const atLeast = appended as unknown as { position: number };
    await expect(app.queries.ask(new RichAccounts(5), { atLeast })).rejects.toMatchObject({
      code: 'invalid-query',
      message: expect.stringContaining('The position of atLeast is undefined.'),
    });
  });
});
