import { describe, expect, test } from '@jest/globals';
import {
  Command,
  CommandBus,
  DocumentProjector,
  EventHandler,
  Handles,
  On,
  ProjectionNotRunning,
  ProjectionWaitTimeout,
  Projections,
  Projector,
  WaitForItself,
} from 'annals';
import type { CommandHandler, Recorded } from 'annals';
import { defineModule, memory } from 'annals/di';
import type { App } from 'annals/di';
import { inject } from 'inversify';
import type { Store } from '../../../src/application/ports/store.ts';
import {
  AccountOpened,
  Balances,
  Deposit,
  MoneyDeposited,
  OpenAccount,
  bankModule,
} from '../../support/bank.ts';
import { eventually } from '../../support/eventually.ts';
import { startBank } from '../../support/start-bank.ts';

/* A position that no test gets to. */
const farAway = 1_000_000;

describe('a wait', () => {
  test('ends when the projection is there', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    const wait = app.projections.waitFor(Balances, 3);
    await app.commands.dispatch(new Deposit('a', 1));
    await app.commands.dispatch(new Deposit('a', 2));
    await wait;
    await expect(app.readModels.of(Balances).get('a')).resolves.toEqual({ balance: 3 });
  });

  test('that is not rewarded in time says how far the projection is', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Balances] });
    const wait = app.projections.waitFor(Balances, farAway, { timeoutMs: 1 });
    await expect(wait).rejects.toThrow(ProjectionWaitTimeout);
    await expect(wait).rejects.toMatchObject({ projection: 'balances', position: farAway, reached: 1 });
  });

  test('looks before it gives up, however short the time', async () => {
    const app = await startBank();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Balances] });
    await app.projections.waitFor(Balances, 1, { timeoutMs: 0 });
  });

  test('is left at once when its signal is aborted, before and while it waits', async () => {
    const app = await startBank();
    const reason = new Error('enough');
    const leave = new AbortController();
    const wait = app.projections.waitFor(Balances, farAway, { signal: leave.signal });
    leave.abort(reason);
    await expect(wait).rejects.toBe(reason);
    await expect(app.projections.waitFor(Balances, 0, { signal: leave.signal })).rejects.toBe(reason);
  });

  test('is left at once even if the store does not answer', async () => {
    const { app, readModels } = await startWatched();
    readModels.readCheckpoint = () => new Promise(() => undefined);
    const leave = new AbortController();
    const wait = app.projections.waitFor(Balances, farAway, { signal: leave.signal });
    leave.abort(new Error('enough'));
    await expect(wait).rejects.toThrow('enough');
  });

  test('costs one look at its begin and one when it is told, however many wait', async () => {
    const { app, readModels } = await startWatched();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Balances] });
    const readCheckpoint = readModels.readCheckpoint.bind(readModels);
    let looks = 0;
    readModels.readCheckpoint = projection => {
      looks++;
      return readCheckpoint(projection);
    };
    const waits = Array.from({ length: 100 }, () => app.projections.waitFor(Balances, 4));
    await app.commands.dispatch(new Deposit('a', 1));
    await app.projections.waitFor(Balances, 2);
    await app.commands.dispatch(new Deposit('a', 1));
    await app.commands.dispatch(new Deposit('a', 1));
    await Promise.all(waits);
    expect(looks).toBeLessThanOrEqual(8);
  });

  test('ends when the app is stopped', async () => {
    const app = await startBank();
    const wait = app.projections.waitFor(Balances, farAway);
    await Promise.all([expect(wait).rejects.toThrow(ProjectionNotRunning), app.stop()]);
  });
});

describe('a wait for a projection with trouble', () => {
  @Projector('stopper', { onFailure: 'stop', attempts: 1 })
  class Stopper extends DocumentProjector<object> {
    @On(MoneyDeposited) deposited(): object {
      throw new RangeError('poison');
    }
  }

  @Projector('parker', { attempts: 1 })
  class Parker extends DocumentProjector<object> {
    @On(MoneyDeposited) deposited(): object {
      throw new RangeError('poison');
    }
  }

  test('fails as soon as the projection stops, and at once when it has stopped', async () => {
    const app = await startBank({ modules: [bankModule, defineModule({ projectors: [Stopper] })] });
    const longBefore = app.projections.waitFor(Stopper, farAway, { timeoutMs: 60_000 });
    const refused = expect(longBefore).rejects.toMatchObject({ code: 'projection-not-running', reached: 1 });
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await app.projections.waitFor(Stopper, 1);
    await app.commands.dispatch(new Deposit('a', 1));
    await refused;
    const after = app.projections.waitFor(Stopper, 2, { timeoutMs: 60_000 });
    await expect(after).rejects.toMatchObject({
      ...{ code: 'projection-not-running', position: 2, reached: 1 },
      cause: { code: 'projection-stopped', cause: { message: 'poison' } },
    });
    // What it has handled is there all the same.
    await app.projections.waitFor(Stopper, 1);
  });

  test('is not held up by a key that is parked', async () => {
    const app = await startBank({ modules: [bankModule, defineModule({ projectors: [Parker] })] });
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await app.commands.dispatch(new Deposit('a', 1), { waitFor: [Parker] });
    await expect(app.projections.parked(Parker)).resolves.toMatchObject([{ key: 'a' }]);
  });
});

class Greet extends Command {
  constructor(readonly accountId: string) {
    super();
  }
}

type Waiting = (event: Recorded<AccountOpened>, app: Tools) => Promise<unknown>;

interface Tools {
  readonly commands: CommandBus;
  readonly projections: Projections;
}

let waiting: Waiting;
let insideCommand: Waiting;
const outcomes: unknown[] = [];

@Projector('greeter', { attempts: 1 })
class Greeter extends EventHandler {
  constructor(
    @inject(CommandBus) private readonly commands: CommandBus,
    @inject(Projections) private readonly projections: Projections,
  ) {
    super();
  }

  @On(AccountOpened) async opened(event: Recorded<AccountOpened>) {
    const outcome = waiting(event, { commands: this.commands, projections: this.projections });
    outcomes.push(await outcome.catch((error: unknown) => error));
  }
}

@Handles(Greet)
class GreetHandler implements CommandHandler<Greet> {
  constructor(
    @inject(CommandBus) private readonly commands: CommandBus,
    @inject(Projections) private readonly projections: Projections,
  ) {}

  async handle({ accountId }: Greet) {
    const event = { aggregateId: accountId } as Recorded<AccountOpened>;
    await insideCommand(event, { commands: this.commands, projections: this.projections });
  }
}

describe('a handler that would wait for its own projection', () => {
  async function outcomeOf(reaction: Waiting): Promise<{ app: App; outcome: unknown }> {
    const module = defineModule({ handlers: [GreetHandler], projectors: [Greeter] });
    const app = await startBank({ modules: [bankModule, module] });
    waiting = reaction;
    outcomes.splice(0);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await eventually('it has reacted', async () => outcomes.length > 0);
    return { app, outcome: outcomes[0] };
  }

  test('is refused when it dispatches, and nothing is stored', async () => {
    const { app, outcome } = await outcomeOf((event, { commands }) =>
      commands.dispatch(new Deposit(event.aggregateId, 1), { waitFor: [Balances, Greeter] }),
    );
    expect(outcome).toBeInstanceOf(WaitForItself);
    expect(outcome).toMatchObject({ code: 'wait-for-itself', projection: 'greeter' });
    await expect(app.events.countByType()).resolves.toEqual({ 'account.opened': 1 });
  });

  test('is refused when it waits for a position, or for everything', async () => {
    const one = await outcomeOf((event, { projections }) => projections.waitFor(Greeter, event.position));
    expect(one.outcome).toBeInstanceOf(WaitForItself);
    const all = await outcomeOf((_event, { projections }) => projections.catchUp());
    expect(all.outcome).toBeInstanceOf(WaitForItself);
  });

  test('is refused inside of commands that it dispatches', async () => {
    insideCommand = (_event, { projections }) => projections.waitFor(Greeter, 0);
    const direct = await outcomeOf((event, { commands }) => commands.dispatch(new Greet(event.aggregateId)));
    expect(direct.outcome).toBeInstanceOf(WaitForItself);
    insideCommand = async (event, tools) => {
      insideCommand = (_event, { projections }) => projections.waitFor(Greeter, 0);
      await tools.commands.dispatch(new Greet(event.aggregateId));
    };
    const nested = await outcomeOf((event, { commands }) => commands.dispatch(new Greet(event.aggregateId)));
    expect(nested.outcome).toBeInstanceOf(WaitForItself);
  });

  test('may wait for other projections', async () => {
    const { app, outcome } = await outcomeOf((event, { commands }) =>
      commands.dispatch(new Deposit(event.aggregateId, 7), { waitFor: [Balances] }),
    );
    expect(outcome).toBe(7);
    await app.projections.waitFor(Greeter, 2);
  });

  test('may leave something behind that waits', async () => {
    let over: () => void = () => undefined;
    const isOver = new Promise<void>(resolve => (over = resolve));
    let left: Promise<unknown> | undefined;
    const { app, outcome } = await outcomeOf(async (event, { projections }) => {
      left = isOver.then(() => projections.waitFor(Greeter, event.position));
      return 'done';
    });
    expect(outcome).toBe('done');
    await app.projections.waitFor(Greeter, 1);
    over();
    await left;
  });
});

/* The bank, and the store that it reads. */
async function startWatched(): Promise<{ app: App; readModels: Store['readModels'] }> {
  let opened: Store | undefined;
  const store = {
    async open(services: Parameters<ReturnType<typeof memory>['open']>[0]) {
      opened = await memory().open(services);
      return opened;
    },
  };
  const app = await startBank({ store });
  return { app, readModels: opened!.readModels };
}
