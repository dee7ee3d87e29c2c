import { describe, expect, test } from '@jest/globals';
import { Command, CommandTimedOut, Handles, ProjectionWaitTimeout, StoreUnavailable } from 'annals';
import type { CommandContext, CommandHandler, CommandMiddleware } from 'annals';
import { defineModule, memory } from 'annals/di';
import type { App } from 'annals/di';
import { Balances, Deposit, OpenAccount } from '../../support/bank.ts';
import { Gate, intercepted } from '../../support/intercepted-store.ts';
import { startBank, versionOf } from '../../support/start-bank.ts';

describe('the deadline of a command', () => {
  const noDeposits = async (app: App): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) await new Promise(resolve => setImmediate(resolve));
    await expect(versionOf(app, 'a')).resolves.toBe(0);
  };

  test('is kept while middleware hangs, and nothing is stored afterwards', async () => {
    const gate = new Gate();
    const hang: CommandMiddleware = async (_command, _context, next) => {
      await gate.pass();
      return next();
    };
    const app = await startBank({ middleware: [hang] });
    const opened = app.commands.dispatch(new OpenAccount('a', 'Ada'), { timeoutMs: 20 });
    await expect(opened).rejects.toThrow(CommandTimedOut);
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const given = app.commands.dispatch(new OpenAccount('a', 'Ada'), { signal: controller.signal });
    await expect(given).rejects.toThrow('enough');
    gate.open();
    await noDeposits(app);
  });

  test('is kept while the command id is looked up, and nothing is stored afterwards', async () => {
    const gate = new Gate();
    const store = intercepted(memory(), {
      events: real => ({
        async findCommand(commandId) {
          await gate.pass();
          return real.findCommand(commandId);
        },
      }),
    });
    const app = await startBank({ store });
    const options = { timeoutMs: 20, commandId: 'once' };
    const opened = app.commands.dispatch(new OpenAccount('a', 'Ada'), options);
    await expect(opened).rejects.toThrow(CommandTimedOut);
    gate.open();
    await noDeposits(app);
  });

  test('is kept when the outcome of a run that failed cannot be looked up', async () => {
    const gate = new Gate();
    const failed = new StoreUnavailable('The commit got no answer.');
    let lookUps = 0;
    const store = intercepted(memory(), {
      events: real => ({
        appendMany: () => Promise.reject(failed),
        async findCommand(commandId) {
          if (++lookUps > 1) await gate.pass();
          return real.findCommand(commandId);
        },
      }),
    });
    const app = await startBank({ store });
    const options = { timeoutMs: 20, commandId: 'once' };
    // It may have been stored: to call it given up before anything was would be a lie.
    await expect(app.commands.dispatch(new OpenAccount('a', 'Ada'), options)).rejects.toBe(failed);
    expect(lookUps).toBe(2);
    gate.open();
  });

  test('leaves no time for a second look-up', async () => {
    let lookUps = 0;
    const store = intercepted(memory(), {
      events: real => ({
        async findCommand(commandId) {
          lookUps++;
          return real.findCommand(commandId);
        },
      }),
    });
    const controller = new AbortController();
    class GiveUp extends Command {}
    @Handles(GiveUp)
    class GiveUpHandler implements CommandHandler<GiveUp> {
      async handle(_command: GiveUp, { signal }: CommandContext) {
        controller.abort(new Error('enough'));
        signal.throwIfAborted();
      }
    }
    const app = await startBank({ store, modules: [defineModule({ handlers: [GiveUpHandler] })] });
    const options = { signal: controller.signal, commandId: 'once' };
    await expect(app.commands.dispatch(new GiveUp(), options)).rejects.toThrow('enough');
    expect(lookUps).toBe(1);
  });

  test('leaves projectors the time that is left', async () => {
    const slow: CommandMiddleware = async (_command, _context, next) => {
      const endsAt = performance.now() + 40;
      while (performance.now() < endsAt) await new Promise(resolve => setImmediate(resolve));
      return next();
    };
    const app = await startBank({ middleware: [slow] });
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await app.projections.pause(Balances);
    const options = { timeoutMs: 100, waitFor: [Balances] };
    const error: unknown = await app.commands.dispatch(new Deposit('a', 1), options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ProjectionWaitTimeout);
    const [, leftMs] = /within (\d+) ms/.exec((error as Error).message)!;
    expect(Number(leftMs)).toBeLessThanOrEqual(60);
    await expect(versionOf(app, 'a')).resolves.toBe(2);
  });

  test('lets middleware say in its own way what became of the command', async () => {
    const own = new Error('in its own way');
    const explain: CommandMiddleware = async (_command, _context, next) => {
      const outcome = await next();
      return outcome.status === 'succeeded' ? outcome : { ...outcome, error: own };
    };
    class Wait extends Command {}
    @Handles(Wait)
    class WaitHandler implements CommandHandler<Wait> {
      async handle() {
        await new Promise(() => undefined);
      }
    }
    const app = await startBank({
      middleware: [explain],
      modules: [defineModule({ handlers: [WaitHandler] })],
    });
    await expect(app.commands.dispatch(new Wait(), { timeoutMs: 20 })).rejects.toBe(own);
  });
});
