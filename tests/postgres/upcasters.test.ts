import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inject } from 'inversify';
import {
  CommandBus,
  Command,
  DocumentProjector,
  EventHandler,
  Handles,
  On,
  Projector,
  TableProjector,
  TypeReadAsOther,
  UnableToUpcast,
  upcaster,
} from 'annals';
import type { CommandHandler, Recorded, Store, TableTransaction, Upcaster } from 'annals';
import { createApp, defineModule, silentLogger } from 'annals/di';
import type { App, ModuleDefinition } from 'annals/di';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import {
  AccountMoved,
  AccountOpened,
  AccountRenamed,
  Facts,
  GrownAccount,
  appendOld,
  changed,
  factsOfHistory,
  grownUpcasters,
  history,
} from '../support/grown-accounts.ts';
import { patiently } from '../support/eventually.ts';
import { memoryStores, postgresStores } from '../support/stores.ts';
import type { TestStores } from '../support/stores.ts';

@Projector('inline_facts', { mode: 'inline' })
class InlineFacts extends Facts {}

@Projector('live_facts', { mode: 'live' })
class LiveFacts extends Facts {}

@Projector('sharded_facts', { shards: 3 })
class ShardedFacts extends Facts {}

/** Whatever concerns a name or a city, under that. */
@Projector('index', { attempts: 1 })
class Index extends DocumentProjector<{ accounts: string[] }> {
  @On(AccountRenamed, ({ payload }) => payload.owner)
  @On(AccountMoved, ({ payload }) => payload.city)
  listed(doc = { accounts: [] as string[] }, event: Recorded<AccountRenamed | AccountMoved>) {
    if ('city' in event.payload && event.payload.city === poison.city) throw new RangeError('no such city');
    return { accounts: [...doc.accounts, event.aggregateId] };
  }
}

const poison = { city: '', failures: 0 };

@Projector('rows', { attempts: 1 })
class Rows extends TableProjector {
  readonly tables = { facts: 'entry serial, account text, fact text' };

  @On(AccountRenamed) async renamed(event: Recorded<AccountRenamed>, tx: TableTransaction) {
    await tx.upsert('facts', [{ account: event.aggregateId, fact: event.payload.owner }]);
  }

  @On(AccountMoved) async moved(event: Recorded<AccountMoved>, tx: TableTransaction) {
    await tx.upsert('facts', [{ account: event.aggregateId, fact: event.payload.city }]);
  }
}

class Notify extends Command {
  constructor(readonly accountId: string) {
    super();
  }
}

const notified: string[] = [];

@Handles(Notify)
class NotifyHandler implements CommandHandler<Notify> {
  handle({ accountId }: Notify, { commandId }: { commandId: string }) {
    notified.push(`${accountId} ${commandId.split(':')[0]}`);
  }
}

/** One method for both parts, which send the same. */
@Projector('notices', { attempts: 2 })
class Notices extends EventHandler {
  constructor(@inject(CommandBus) private readonly commands: CommandBus) {
    super();
  }

  @On(AccountRenamed)
  @On(AccountMoved)
  async changed(event: Recorded<AccountRenamed | AccountMoved>) {
    await this.commands.dispatch(new Notify(event.aggregateId));
    if ('city' in event.payload && poison.failures-- > 0) throw new RangeError('not now');
  }
}

const broken = upcaster({
  type: 'account.opened',
  version: 1,
  up({ name }: { readonly name: string }) {
    if (name === 'poison') throw new RangeError('who is that?');
    return { owner: name.trim() };
  },
});

const brokenSplit: Upcaster = {
  ...changed,
  up: (payload: never) => ('poison' in payload ? 'nothing' : changed.up(payload)),
};

const withBroken = (one: Upcaster): readonly Upcaster[] =>
  grownUpcasters.map(usual => (usual.type === one.type && usual.version === one.version ? one : usual));

/* What fails on purpose counts as unchanged by the one that works. */
const mended = upcaster({
  type: 'account.opened',
  version: 1,
  up: ({ name }: { readonly name: string }) => ({ owner: name === 'poison' ? 'nobody' : name.trim() }),
});

const kinds: Record<string, () => Promise<TestStores>> = {
  memory: async () => memoryStores(),
  PostgreSQL: () => postgresStores(),
};

describe.each(Object.keys(kinds))('upcasters on %s', kind => {
  let stores: TestStores;
  let store: Store;
  const apps: App[] = [];

  beforeEach(async () => {
    Object.assign(poison, { city: '', failures: 0 });
    notified.length = 0;
    stores = await kinds[kind]!();
    store = await stores.open();
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map(app => app.stop()));
    await store[Symbol.asyncDispose]();
    await stores.close();
  });

  async function start(definition: ModuleDefinition = {}): Promise<App> {
    const module = defineModule({
      ...{ aggregates: [GrownAccount], upcasters: grownUpcasters, handlers: [NotifyHandler] },
      ...definition,
    });
    const app = await createApp({ store: sharedStore(store), modules: [module], logger: silentLogger });
    apps.push(app);
    return app;
  }

  test('bring an aggregate back from every shape that there was', async () => {
    const app = await start();
    await appendOld(app.events, 'acc-1', ...history, ['account.changed', 1, {}]);
    const account = await app.replay.rebuildAggregate(GrownAccount, 'acc-1');
    const { owner, currency, version, cities } = account;
    expect({ owner, currency, version, cities }).toEqual({
      ...{ owner: 'Ada L.', currency: 'EUR', version: 7 },
      cities: ['Bonn DE', 'Kiel DE', 'Wien AT', 'Graz DE'],
    });
    const past = await app.replay.rebuildAggregate(GrownAccount, 'acc-1', { toVersion: 2 });
    expect([past.owner, past.cities, past.version]).toEqual(['Ada L.', ['Bonn DE'], 2]);
    const told: unknown[] = [];
    for await (const { type, schemaVersion, version } of app.replay.replayEvents(GrownAccount, 'acc-1'))
      told.push([type, schemaVersion, version]);
    expect(told).toEqual([
      ['account.opened', 3, 1],
      ['account.renamed', 1, 2],
      ['account.moved', 2, 2],
      ['account.moved', 2, 4],
      ['account.moved', 2, 5],
      ['account.moved', 2, 6],
    ]);
  });

  test('let an aggregate go on, though its last event is nothing today', async () => {
    const app = await start();
    await appendOld(app.events, 'acc-1', ['account.opened', 1, { name: 'Ada' }], ['account.changed', 1, {}]);
    await app.repository(GrownAccount).update('acc-1', account => account.rename('Bo'));
    await expect(app.events.streamVersion({ aggregateType: 'account', aggregateId: 'acc-1' })).resolves.toBe(
      3,
    );
  });

  test('change nothing of what the store itself gives', async () => {
    const app = await start();
    await appendOld(app.events, 'acc-1', ...history);
    const { events } = await app.events.query({ aggregateId: 'acc-1' });
    expect(events.map(({ type, schemaVersion, payload }) => [type, schemaVersion, payload])).toEqual(history);
    const fed: unknown[] = [];
    for await (const { type, schemaVersion, payload } of app.events.readFeed())
      fed.push([type, schemaVersion, payload]);
    expect(fed).toEqual(history);
  });

  test('stand before projectors in every mode', async () => {
    const app = await start({ projectors: [Facts, InlineFacts, LiveFacts, ShardedFacts] });
    await appendOld(app.events, 'acc-1', ...history.slice(0, 3));
    await appendOld(app.events, 'acc-2', ['account.created', 1, { who: 'Bo' }]);
    await appendOld(app.events, 'acc-1', ...history.slice(3));
    await expect(app.readModels.of(InlineFacts).get('acc-1')).resolves.toEqual({ facts: factsOfHistory });
    await app.projections.catchUp(patiently);
    for (const projector of [Facts, InlineFacts, LiveFacts, ShardedFacts]) {
      await expect(app.readModels.of(projector).getMany(['acc-1', 'acc-2'])).resolves.toEqual(
        new Map([
          ['acc-1', { facts: factsOfHistory }],
          ['acc-2', { facts: ['opened Bo EUR'] }],
        ]),
      );
      const past = await app.readModels.of(projector).asOf('acc-1', { position: 2 });
      expect(past).toEqual({ facts: factsOfHistory.slice(0, 3) });
    }
    await expect(app.projections.list()).resolves.toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'facts', parked: { keys: 0, events: 0 } })]),
    );
  });

  test('stand before a rebuild', async () => {
    const app = await start({ projectors: [Facts] });
    await appendOld(app.events, 'acc-1', ...history);
    await app.projections.catchUp(patiently);
    await app.projections.rebuild(Facts, { actor: 'user:ada', reason: 'a test' });
    await expect(app.readModels.of(Facts).get('acc-1')).resolves.toEqual({ facts: factsOfHistory });
  });

  test('give each part of a split the key that it concerns', async () => {
    const app = await start({ projectors: [Index] });
    poison.city = 'Bonn';
    await appendOld(
      app.events,
      'acc-1',
      ['account.changed', 1, { name: 'Ada', city: 'Bonn' }],
      ['account.changed', 1, { name: 'Ada', city: 'Kiel' }],
      ['account.moved', 1, { city: 'Bonn' }],
    );
    await app.projections.catchUp(patiently);
    await expect(app.readModels.of(Index).getMany(['Ada', 'Bonn', 'Kiel'])).resolves.toEqual(
      new Map([
        ['Ada', { accounts: ['acc-1', 'acc-1'] }],
        ['Kiel', { accounts: ['acc-1'] }],
      ]),
    );
    await expect(app.projections.parked(Index)).resolves.toEqual([
      expect.objectContaining({ key: 'Bonn', count: 2, error: 'RangeError: no such city' }),
    ]);
    poison.city = '';
    await expect(app.projections.retryParked(Index)).resolves.toEqual({ handled: 2, failedKeys: [] });
    await expect(app.readModels.of(Index).get('Bonn')).resolves.toEqual({ accounts: ['acc-1', 'acc-1'] });
  });

  test('have both parts of a split dispatch, and neither twice', async () => {
    poison.failures = 1;
    const app = await start({ projectors: [Notices] });
    await appendOld(app.events, 'acc-1', ['account.changed', 1, { name: 'Ada', city: 'Bonn' }]);
    await app.projections.catchUp(patiently);
    expect(poison.failures).toBe(-1);
    expect(notified).toEqual(['acc-1 notices.changed#1', 'acc-1 notices.changed#2']);
  });

  test('stand before functions that are registered by hand', async () => {
    const seen: unknown[] = [];
    const see = ({ type, payload }: Recorded<object>): void => void seen.push([type, { ...payload }]);
    const app = await start({
      register: registry => registry.register(AccountOpened, see).register('account.moved', see),
    });
    await appendOld(app.events, 'acc-1', ['account.created', 1, { who: 'Ada' }], history[1]!, history[4]!);
    await app.projections.catchUp(patiently);
    expect(seen).toEqual([
      ['account.opened', { owner: 'Ada', currency: 'EUR' }],
      ['account.moved', { city: 'Bonn', country: 'DE' }],
      ['account.moved', { city: 'Wien', country: 'AT' }],
    ]);
  });

  test('refuse functions for what nothing is read as any more', async () => {
    const registered = (type: string): Promise<App> =>
      start({ register: registry => void registry.register(type, () => undefined) });
    const refused = registered('account.changed');
    await expect(refused).rejects.toThrow(TypeReadAsOther);
    await expect(refused).rejects.toMatchObject({
      ...{ code: 'type-read-as-other', type: 'account.changed' },
      successors: ['account.renamed', 'account.moved'],
    });
    for (const type of ['account.opened', 'account.registered', 'account.unheard_of']) await registered(type);
  });

  test('that fail park the key, until the code is mended', async () => {
    const app = await start({ projectors: [Facts], upcasters: withBroken(broken) });
    await appendOld(app.events, 'acc-1', ['account.opened', 1, { name: 'poison' }], history[1]!);
    await appendOld(app.events, 'acc-2', ['account.created', 1, { who: 'Bo' }], history[1]!);
    await app.projections.catchUp(patiently);
    await expect(app.readModels.of(Facts).getMany(['acc-1', 'acc-2'])).resolves.toEqual(
      new Map([['acc-2', { facts: ['opened Bo EUR', 'renamed Ada L.', 'moved Bonn DE'] }]]),
    );
    const [first, ...others] = await app.projections.parked(Facts);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ key: 'acc-1', count: 2, attempts: 3 });
    expect(first!.error).toMatch(/^UnableToUpcast: Event .* stored as "account.opened" v1.*who is that\?/);
    await expect(app.projections.retryParked(Facts)).resolves.toEqual({ handled: 0, failedKeys: ['acc-1'] });
    await apps.splice(0)[0]!.stop();
    const mendedApp = await start({ projectors: [Facts], upcasters: withBroken(mended) });
    await expect(mendedApp.projections.retryParked(Facts)).resolves.toEqual({ handled: 2, failedKeys: [] });
    await expect(mendedApp.readModels.of(Facts).get('acc-1')).resolves.toEqual({
      facts: ['opened nobody EUR', 'renamed Ada L.', 'moved Bonn DE'],
    });
  });

  test('that fail to split park all of an aggregate, whose keys nobody can tell', async () => {
    const app = await start({ projectors: [Index], upcasters: withBroken(brokenSplit) });
    await appendOld(
      app.events,
      'acc-1',
      ['account.changed', 1, { poison: true, city: 'Bonn' }],
      ['account.moved', 1, { city: 'Kiel' }],
    );
    await appendOld(app.events, 'acc-2', ['account.moved', 1, { city: 'Bonn' }]);
    await app.projections.catchUp(patiently);
    await expect(app.readModels.of(Index).getMany(['Bonn', 'Kiel'])).resolves.toEqual(
      new Map([['Bonn', { accounts: ['acc-2'] }]]),
    );
    const parked = await app.projections.parked(Index);
    expect(parked.map(({ key, count }) => [key, count])).toEqual([
      ['account/acc-1', 1],
      ['Kiel', 1],
    ]);
    await apps.splice(0)[0]!.stop();
    const mendedApp = await start({ projectors: [Index] });
    await expect(mendedApp.projections.retryParked(Index)).resolves.toEqual({ handled: 2, failedKeys: [] });
    await expect(mendedApp.readModels.of(Index).getMany(['Bonn', 'Kiel'])).resolves.toEqual(
      new Map([
        ['Bonn', { accounts: ['acc-2', 'acc-1'] }],
        ['Kiel', { accounts: ['acc-1'] }],
      ]),
    );
  });

  test('that fail are told by replay, by a live read model and by an inline append', async () => {
    const poisoned = ['account.opened', 1, { name: 'poison' }] as const;
    const app = await start({ projectors: [LiveFacts, InlineFacts], upcasters: withBroken(broken) });
    await expect(appendOld(app.events, 'acc-1', poisoned)).rejects.toThrow(UnableToUpcast);
    await apps.splice(0)[0]!.stop();
    const other = await start({ projectors: [LiveFacts], upcasters: withBroken(broken) });
    await appendOld(other.events, 'acc-1', poisoned);
    await expect(other.replay.rebuildAggregate(GrownAccount, 'acc-1')).rejects.toThrow(UnableToUpcast);
    await expect(other.readModels.of(LiveFacts).get('acc-1')).rejects.toThrow(UnableToUpcast);
    await expect(
      other.events.streamVersion({ aggregateType: 'account', aggregateId: 'acc-1' }),
    ).resolves.toBe(1);
  });

  if (kind === 'PostgreSQL') {
    test('stand before table projectors', async () => {
      const app = await start({ projectors: [Rows] });
      await appendOld(app.events, 'acc-1', ...history);
      await app.projections.catchUp(patiently);
      const rows = await store.readModels.transaction(async ({ sql }) =>
        sql!.query(
          `select fact from ${sql!.table({ name: 'rows', version: 1, generation: 1 }, 'facts')} order by entry`,
        ),
      );
      expect(rows).toEqual(['Ada L.', 'Bonn', 'Kiel', 'Wien', 'Graz'].map(fact => ({ fact })));
    });
  }
});
