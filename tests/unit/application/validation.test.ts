import { describe, expect, test } from '@jest/globals';
import { Command, CommandIdReused, Handles, Query, ValidationFailed } from 'annals';
import type { CommandHandler, QueryHandler } from 'annals';
import { defineModule } from 'annals/di';
import type { App } from 'annals/di';
import { z } from 'zod';
import { MessageForm } from '../../../src/infrastructure/http/messages/message-form.ts';
import { startBank } from '../../support/start-bank.ts';

class Pay extends Command<Pay> {
  static readonly schema = z.object({
    amount: z.coerce.number().transform(amount => amount * 100),
    currency: z.string().default('EUR'),
    isLarge: z.boolean(),
  });
  readonly currency: string | undefined;

  constructor(
    readonly amount: number | string,
    readonly note: string,
    currency?: string,
  ) {
    super();
    this.currency = currency;
  }

  get isLarge(): boolean {
    return Number(this.amount) > 1_000;
  }
}

class Find extends Query<Find> {
  static readonly schema = z.object({ least: z.coerce.number() });
  constructor(readonly least: number | string) {
    super();
  }
}

class Money {
  constructor(readonly cents: number) {}
}

class Count extends Command<number> {
  static readonly schema = z.object({
    by: z.coerce.number(),
    parts: z.array(z.number()),
    price: z.object({ cents: z.coerce.number() }),
  });
  readonly parts = [1, 2];
  constructor(
    readonly by: number | string,
    readonly price = new Money(5),
  ) {
    super();
  }
}

const counted: Count[] = [];

@Handles(Count)
class CountHandler implements CommandHandler<Count> {
  handle(command: Count) {
    counted.push(command);
    return Number(command.by);
  }
}

class Plain extends Command<Plain> {
  static readonly schema = z.object({ amount: z.number() });
  readonly #secret = 'kept';
  constructor(readonly amount: number) {
    super();
  }
  get secret(): string {
    return this.#secret;
  }
}

class Doubled extends Command<Doubled> {
  static readonly schema = z.object({ amount: z.number().transform(amount => amount * 2) });
  constructor(readonly amount: number) {
    super();
  }
}

@Handles(Doubled)
class DoubledHandler implements CommandHandler<Doubled> {
  handle(command: Doubled) {
    return command;
  }
}

@Handles(Pay)
class PayHandler implements CommandHandler<Pay> {
  handle(command: Pay) {
    return command;
  }
}

@Handles(Find)
class FindHandler implements QueryHandler<Find> {
  handle(query: Find) {
    return query;
  }
}

@Handles(Plain)
class PlainHandler implements CommandHandler<Plain> {
  handle(command: Plain) {
    return command;
  }
}

const start = (): Promise<App> =>
  startBank({
    modules: [
      defineModule({ handlers: [PayHandler, DoubledHandler, FindHandler, PlainHandler, CountHandler] }),
    ],
  });

describe('a message with a schema', () => {
  test('is handled as what the schema made, and itself stays as it was', async () => {
    const app = await start();
    const command = Object.freeze(new Pay('30', 'rent'));
    const handled = await app.commands.dispatch(command);
    expect(handled).toBeInstanceOf(Pay);
    expect(handled).toEqual({ amount: 3_000, note: 'rent', currency: 'EUR' });
    expect(handled.isLarge).toBe(true);
    expect(command).toEqual({ amount: '30', note: 'rent', currency: undefined });
    const query = await app.queries.ask(new Find('7'));
    expect(query).toBeInstanceOf(Find);
    expect(query).toEqual({ least: 7 });
  });

  test('is changed once, whoever dispatches what was made', async () => {
    const app = await start();
    const handled = await app.commands.dispatch(new Pay(30, 'rent'));
    await expect(app.commands.dispatch(handled)).resolves.toBe(handled);
    const overHttp = (await MessageForm.of(Doubled)!.make({ amount: 2 })) as Doubled;
    await expect(app.commands.dispatch(overHttp)).resolves.toEqual({ amount: 4 });
  });

  test('is handled itself where the schema changes nothing, with what is private to it', async () => {
    const app = await start();
    const command = new Plain(5);
    await expect(app.commands.dispatch(command)).resolves.toBe(command);
    expect(command.secret).toBe('kept');
    await expect(app.commands.dispatch(new Plain('5' as never))).rejects.toThrow(ValidationFailed);
  });

  test('is told from another by what was dispatched', async () => {
    const app = await start();
    const options = { commandId: 'once' };
    const { repeated, result } = await app.commands.dispatchFull(new Count('30'), options);
    expect([repeated, result]).toEqual([false, 30]);
    const again = app.commands.dispatchFull(new Count('30'), options);
    await expect(again).resolves.toMatchObject({ repeated: true, result: 30 });
    await expect(app.commands.dispatch(new Count(30), options)).rejects.toThrow(CommandIdReused);
  });

  test('keeps its value objects where the schema changes nothing in them', async () => {
    const app = await start();
    counted.length = 0;
    await app.commands.dispatch(new Count('1'));
    await app.commands.dispatch(new Count(1, new Money('5' as never)));
    expect(counted.map(({ price }) => price)).toEqual([new Money(5), { cents: 5 }]);
    expect(counted.map(({ price }) => price instanceof Money)).toEqual([true, false]);
  });
});
