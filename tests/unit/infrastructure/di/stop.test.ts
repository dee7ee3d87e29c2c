import { expect, describe, test } from '@jest/globals';
import { EventEmitter, EventHandler, Handles, On, Projector, Query } from 'annals';
import type { QueryHandler } from 'annals';
import { createApp, defineModule, memory, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { inject } from 'inversify';
import type { StoreFactory } from '../../../../src/application/ports/store.ts';
import { Account, AccountOpened, OpenAccount, bankModule } from '../../../support/bank.ts';
import { Gate, instead, intercepted } from '../../../support/intercepted-store.ts';

class AskSlowly extends Query<string> {}

describe('App.stop', () => {
  test('waits for a change of a repository outside of handlers', async () => {
    const { app, log } = await start();
    await app.repository(Account).create('a', account => account.open('Ada'));
    const gate = new Gate();
    const updated = app.repository(Account).update('a', async account => {
      await gate.pass();
      account.deposit(5);
    });
    await gate.reached;
    await stopWhile(app, gate);
    await expect(updated).resolves.toBeUndefined();
    expect(log).toEqual(['account.opened', 'account.deposited', 'closed']);
  });

  test('waits for a query that is being answered', async () => {
    const gate = new Gate();
    const log: string[] = [];
    @Handles(AskSlowly)
    class AskSlowlyHandler implements QueryHandler<AskSlowly> {
      async handle() {
        await gate.pass();
        log.push('answered');
        return 'slowly';
      }
    }
    const { app } = await start([AskSlowlyHandler], log);
    const answer = app.queries.ask(new AskSlowly());
    await gate.reached;
    await stopWhile(app, gate);
    await expect(answer).resolves.toBe('slowly');
    expect(log).toEqual(['answered', 'closed']);
  });

  test('stores what event handlers emit while it stops', async () => {
    const gate = new Gate();
    @Projector('audit')
    class Audit extends EventHandler {
      constructor(@inject(EventEmitter) private readonly emitter: EventEmitter) {
        super();
      }
      @On(AccountOpened) async opened() {
        await gate.pass();
        const audit = { aggregateType: 'audit', aggregateId: 'a', payload: {} };
        this.emitter.emitLater({ ...audit, eventType: 'audit.written' });
      }
    }
    const { app, log } = await start([Audit]);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await gate.reached;
    await stopWhile(app, gate);
    expect(log).toEqual(['account.opened', 'audit.written', 'closed']);
  });
});

/* An app whose store tells in what order events were stored and it was closed. */
async function start(
  classes: readonly (new (...services: never[]) => object)[] = [],
  log: string[] = [],
): Promise<{ app: App; log: string[] }> {
  const handlers = classes.filter(({ name }) => name.endsWith('Handler'));
  const projectors = classes.filter(({ name }) => !name.endsWith('Handler'));
  const modules = [bankModule, defineModule({ handlers, projectors } as object)];
  return { app: await createApp({ store: logged(log), modules, logger: silentLogger }), log };
}

function logged(log: string[]): StoreFactory {
  const slowly = intercepted(memory(), {
    events: real => ({
      async append(append) {
        // As long as anything else has to do.
        await new Promise(resolve => setImmediate(resolve));
        const result = await real.append(append);
        log.push(...append.events.map(({ type }) => type));
        return result;
      },
      async appendMany(appends, options) {
        const results = await real.appendMany(appends, options);
        log.push(...appends.flatMap(({ events }) => events.map(({ type }) => type)));
        return results;
      },
    }),
  });
  return {
    async open(services) {
      const store = await slowly.open(services);
      return instead(store, {
        async [Symbol.asyncDispose]() {
          log.push('closed');
          await store[Symbol.asyncDispose]();
        },
      });
    },
  };
}

/* Opens the gate once everything that does not wait for it has been stopped. */
async function stopWhile(app: App, gate: Gate): Promise<void> {
  const stopped = app.stop();
  for (let turns = 0; turns < 50; turns++) await new Promise(resolve => setImmediate(resolve));
  gate.open();
  await stopped;
}
