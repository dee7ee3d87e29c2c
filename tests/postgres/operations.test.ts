import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import type { Class, ProjectionStatus, Recorded } from 'annals';
import { createApp, defineModule, memory, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import type { StoreFactory } from '../../src/application/ports/store.ts';
import { AccountOpened, Deposit, MoneyDeposited, OpenAccount, bankModule } from '../support/bank.ts';
import { eventually, patiently } from '../support/eventually.ts';
import { Amounts, StoppingAmounts, StoppingFan, poison, resetPoison } from '../support/poison.ts';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

const ada = { actor: 'user:ada', reason: 'because I can' } as const;

@Projector('openings')
class Openings extends DocumentProjector<{ owner: string }> {
  @On(AccountOpened) opened(_doc: unknown, { payload }: Recorded<AccountOpened>) {
    return { owner: payload.owner };
  }
}

@Projector('openings', { version: 2 })
class LoudOpenings extends DocumentProjector<{ owner: string }> {
  @On(AccountOpened) opened(_doc: unknown, { payload }: Recorded<AccountOpened>) {
    return { owner: payload.owner.toUpperCase() };
  }
}

@Projector('openings', { version: 2, onNewVersion: 'wait' })
class PatientOpenings extends LoudOpenings {}

@Projector('sharded_openings', { shards: 2 })
class ShardedOpenings extends Openings {}

@Projector('inline_openings', { mode: 'inline' })
class InlineOpenings extends Openings {}

@Projector('amounts', { mode: 'inline' })
class InlineAmounts extends DocumentProjector<{ amounts: number[] }> {
  @On(MoneyDeposited)
  deposited(doc = { amounts: [] as number[] }, { payload }: Recorded<MoneyDeposited>) {
    return { amounts: [...doc.amounts, payload.amount] };
  }
}

let server: PostgresStores;
let schema: string;
let schemas = 0;
let factory: StoreFactory;
const apps: App[] = [];

beforeAll(async () => {
  server = await postgresStores();
});

beforeEach(() => {
  resetPoison();
  schema = `${server.schema}_${++schemas}`;
  factory = postgres(server.url, { schema, maxConnections: 6 });
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

afterAll(() => server.close());

async function start(...projectors: readonly Class[]): Promise<App> {
  const app = await createApp({
    store: factory,
    modules: [bankModule, defineModule({ projectors })],
    logger: silentLogger,
    projectionPace: { beatMs: 20, leaseMs: 2_000 },
  });
  apps.push(app);
  return app;
}

async function open(app: App, ...ids: string[]): Promise<void> {
  for (const id of ids) await app.commands.dispatch(new OpenAccount(id, 'Ada'));
}

async function deposit(app: App, id: string, ...amounts: number[]): Promise<void> {
  for (const amount of amounts) await app.commands.dispatch(new Deposit(id, amount));
}

async function query<Row>(sql: string): Promise<Row[]> {
  return (await server.pool.query(sql.replaceAll('annals.', `${schema}.`))).rows as Row[];
}

const ownerOf = (app: App, projector: Class<Openings>, id: string): Promise<string | undefined> =>
  app.readModels
    .of(projector)
    .get(id)
    .then(document => document?.owner);

/* Where `factory` is on PostgreSQL already. */
const kinds = [
  { kind: 'memory', openFactory: async () => sharedStore(await memory().open(testServices())) },
  { kind: 'PostgreSQL', openFactory: async () => factory },
];

describe.each(kinds)('an operator on $kind', ({ openFactory }) => {
  beforeEach(async () => {
    factory = await openFactory();
  });

  test('pauses and resumes; who did it and why is recorded', async () => {
    const app = await start(Openings);
    await app.projections.pause(Openings, ada);
    await open(app, 'a');
    await expect(app.projections.list()).resolves.toContainEqual(
      expect.objectContaining({ name: 'openings', isPaused: true, position: 0 }),
    );
    await app.projections.resume(Openings, ada);
    await app.projections.catchUp(patiently);
    await expect(ownerOf(app, Openings, 'a')).resolves.toBe('Ada');
    await expect(app.projections.history(Openings)).resolves.toMatchObject([
      { action: 'resume', ...ada },
      { action: 'pause', ...ada },
    ]);
  });

  test('sees how far each shard is behind, and how that changes', async () => {
    const app = await start(ShardedOpenings);
    const statusNow = async (): Promise<ProjectionStatus> =>
      (await app.projections.list()).find(({ name }) => name === 'sharded_openings')!;
    await app.projections.pause(ShardedOpenings, ada);
    await open(app, 'a', 'b', 'c');
    const { lag, shards } = await statusNow();
    const behind = { events: 3, ms: expect.any(Number), growth: expect.any(Number) };
    expect(lag).toEqual(behind);
    expect(shards.map(shard => shard.lag)).toEqual([behind, behind]);

    await app.projections.resume(ShardedOpenings, ada);
    await app.projections.catchUp(patiently);
    expect(await statusNow()).toMatchObject({ lag: { events: 0, ms: 0, growth: 0 }, secondsLeft: 0 });
  });

  test('skips the event before which a projection stopped', async () => {
    const app = await start(StoppingAmounts);
    await open(app, 'a');
    await deposit(app, 'a', 1, 13, 2);
    await eventually('it stops', async () =>
      (await app.projections.list()).some(({ condition }) => condition === 'stopped'),
    );
    await app.projections.skip(StoppingAmounts, 3, 'typed twice', { actor: ada.actor });
    await app.projections.catchUp(patiently);
    await expect(app.readModels.of(StoppingAmounts).get('a')).resolves.toEqual({ amounts: [1, 2] });
  });

  test('skips it for all of its keys that fail, and for no other', async () => {
    const app = await start(StoppingFan);
    await open(app, 'a', 'b');
    await deposit(app, 'a', 1, 13);
    // Of this one only the key that it shares would fail.
    await deposit(app, 'b', 13, 2);
    for (const position of [4, 5]) {
      await eventually(`it stops before ${position}`, async () =>
        (await app.projections.list()).some(
          build => build.condition === 'stopped' && build.lastError?.includes(`position ${position},`),
        ),
      );
      await app.projections.skip(StoppingFan, position, 'typed twice', { actor: ada.actor });
    }
    await app.projections.catchUp(patiently);
    await expect(app.readModels.of(StoppingFan).find()).resolves.toEqual([
      { id: 'a', document: { amounts: [1] } },
      { id: 'all', document: { amounts: [1, 2] } },
      { id: 'b', document: { amounts: [13, 2] } },
    ]);
  });

  test('gives up one event of a parked key and retries the others', async () => {
    const app = await start(Amounts);
    await open(app, 'a');
    await deposit(app, 'a', 1, 13, 2);
    await app.projections.catchUp(patiently);
    await app.projections.skip(Amounts, 3, 'typed twice');
    await expect(app.projections.retryParked(Amounts)).resolves.toEqual({ handled: 1, failedKeys: [] });
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 2] });
  });

  test('discards what is parked, for the builds that come after it too', async () => {
    const app = await start(Amounts);
    await open(app, 'a');
    await deposit(app, 'a', 13);
    await app.projections.catchUp(patiently);
    await app.projections.discardParked(Amounts, 'a', 'typed twice', ada);
    await deposit(app, 'a', 1);
    // Also where the build is gone in which it was discarded.
    for (let times = 0; times < 2; times++) {
      await app.projections.rebuild(Amounts);
      await app.projections.drop(Amounts);
      await expect(app.projections.parked(Amounts)).resolves.toEqual([]);
      await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1] });
    }
  });

  test('cancels what has stopped, and the live build goes on', async () => {
    poison.isOn = false;
    const app = await start(StoppingAmounts);
    await open(app, 'a');
    await deposit(app, 'a', 13);
    await app.projections.catchUp(patiently);
    poison.isOn = true;
    await expect(app.projections.rebuild(StoppingAmounts)).rejects.toMatchObject({ code: 'rebuild-ended' });
    await app.projections.cancelRebuild(StoppingAmounts);
    await deposit(app, 'a', 1);
    await app.projections.catchUp(patiently);
    await expect(app.readModels.of(StoppingAmounts).get('a')).resolves.toEqual({ amounts: [13, 1] });
  });

  test('rebuilds although events are parked, and whichever node swaps it knows that it may', async () => {
    poison.isOn = false;
    const first = await start(Amounts);
    await open(first, 'a');
    await deposit(first, 'a', 1, 13, 2);
    await first.projections.catchUp(patiently);
    poison.isOn = true;
    const rebuilt = first.projections.rebuild(Amounts, { allowsParked: true });
    await Promise.allSettled([rebuilt, first.stop()]);
    const app = await start(Amounts);
    await eventually('it is swapped', async () =>
      (await app.projections.list()).some(
        ({ name, status, generation }) => name === 'amounts' && status === 'live' && generation === 2,
      ),
    );
    const actions = (await app.projections.history(Amounts)).map(({ action }) => action);
    expect(actions).toEqual(['swap', 'rebuild']);
  });

  test('learns why a build is not swapped by itself', async () => {
    poison.isOn = false;
    const app = await start(Amounts);
    await open(app, 'a');
    await deposit(app, 'a', 1, 13, 2);
    await app.projections.catchUp(patiently);
    poison.isOn = true;
    await expect(app.projections.rebuild(Amounts)).rejects.toMatchObject({ code: 'rebuild-parked' });
    const held = await eventually('it is held', async () =>
      (await app.projections.list()).find(({ heldBecause }) => heldBecause !== undefined),
    );
    expect(held).toMatchObject({ status: 'building', swapsByItself: false });
    expect(held.heldBecause).toContain('parked events that the live build has handled, under "a"');
    await app.projections.swap(Amounts, { allowsParked: true });
    expect((await app.projections.list()).map(({ heldBecause }) => heldBecause)).not.toContainEqual(
      expect.any(String),
    );
  });
});

describe('an operator', () => {
  test('finds what was given up as long as its build is there', async () => {
    const app = await start(Amounts);
    await open(app, 'a');
    for (const generation of [1, 2]) {
      await deposit(app, 'a', 13);
      await app.projections.catchUp(patiently);
      await app.projections.discardParked(Amounts, 'a', 'typed twice', ada);
      if (generation === 1) await app.projections.rebuild(Amounts);
    }
    const generations = 'select distinct generation from annals.discarded order by 1';
    await expect(query(generations)).resolves.toEqual([{ generation: 1 }, { generation: 2 }]);
    await app.projections.drop(Amounts);
    await expect(query(generations)).resolves.toEqual([{ generation: 2 }]);
  });

  test('finds by a comparison what somebody has changed in the rows', async () => {
    const app = await start(Openings);
    await open(app, 'a', 'b');
    await app.projections.rebuild(Openings, { swapsByItself: false });
    await expect(app.projections.compare(Openings, 'all')).resolves.toMatchObject({ isSame: true });
    await query(`update annals.openings_documents set document = '{"owner": "Eve"}' where id = 'b'`);
    await expect(app.projections.compare(Openings, 'all')).resolves.toMatchObject({
      isSame: false,
      tables: { documents: { liveRows: 2, compared: 2, different: 1, examples: ['b'] } },
    });
    await app.projections.cancelRebuild(Openings);
    await expect(app.projections.compare(Openings)).rejects.toMatchObject({ code: 'no-build' });
  });
});

describe('a new version of a projector', () => {
  test('takes the place of the old one by itself, which an old node goes on to read', async () => {
    const old = await start(Openings);
    await open(old, 'a');
    const app = await start(LoudOpenings);
    await eventually('it is swapped', async () => (await ownerOf(app, LoudOpenings, 'a')) === 'ADA');
    await open(app, 'b');
    await Promise.all([old.projections.catchUp(patiently), app.projections.catchUp()]);
    await expect(ownerOf(app, LoudOpenings, 'b')).resolves.toBe('ADA');
    await expect(ownerOf(old, Openings, 'b')).resolves.toBe('Ada');
    await expect(query(`select document->>'owner' as owner from annals.openings_documents`)).resolves.toEqual(
      [{ owner: 'ADA' }, { owner: 'ADA' }],
    );
  });

  test('that waits reads the old rows, and what was cancelled does not come back', async () => {
    const old = await start(Openings);
    await open(old, 'a');
    await old.projections.catchUp(patiently);
    const app = await start(PatientOpenings);
    await expect(ownerOf(app, PatientOpenings, 'a')).resolves.toBe('Ada');
    await expect(app.projections.retryParked(PatientOpenings)).rejects.toMatchObject({
      code: 'other-version-serves',
    });
    await app.projections.rebuild(PatientOpenings, { swapsByItself: false });
    await app.projections.cancelRebuild(PatientOpenings, ada);
    const again = await start(LoudOpenings);
    const builds = (await again.projections.list()).filter(({ name }) => name === 'openings');
    expect(builds).toMatchObject([{ version: 1, status: 'live' }]);
  });
});

describe('a rebuild', () => {
  test('keeps the grants of the view and the indexes that a team has added', async () => {
    const app = await start(Openings);
    await open(app, 'a');
    await app.projections.catchUp(patiently);
    await query(`create index on annals.openings_v1_documents ((document->>'owner'))`);
    await query(`grant select on annals.openings_documents to public`);
    await query(`create view annals.team_view as select id from annals.openings_documents`);
    await app.projections.rebuild(Openings);
    const indexes = `select indexdef from pg_indexes where tablename = 'openings_v1g2_documents' and schemaname || '.' = 'annals.'`;
    const definitions = (await query<{ indexdef: string }>(indexes)).map(({ indexdef }) => indexdef);
    expect(definitions).toContainEqual(expect.stringContaining(`(document ->> 'owner'::text)`));
    const grants = `select relacl::text as grants from pg_class where oid = 'annals.openings_documents'::regclass`;
    await expect(query(grants)).resolves.toEqual([{ grants: expect.stringContaining('=r/') as unknown }]);
    await expect(query('select id from annals.team_view')).resolves.toEqual([{ id: 'a' }]);
  });

  test('waits for a report that reads the view, and appends do not wait for it', async () => {
    const app = await start(InlineOpenings);
    await open(app, 'a');
    const report = await server.pool.connect();
    try {
      await report.query('begin');
      await report.query(`select * from ${schema}.inline_openings_documents`);
      const rebuilt = app.projections.rebuild(InlineOpenings);
      await eventually('the swap waits', async () => {
        const waiting = `select from pg_locks where not granted and relation = 'annals.inline_openings_documents'::regclass`;
        return (await query(waiting)).length > 0;
      });
      await open(app, 'b');
      await expect(app.projections.list()).resolves.toMatchObject([
        { name: 'balances' },
        { status: 'live' },
        {},
      ]);
      await report.query('commit');
      await rebuilt;
    } finally {
      report.release();
    }
    await expect(app.readModels.of(InlineOpenings).count()).resolves.toBe(2);
  });

  test('of more events than one batch takes is swapped on memory too', async () => {
    const app = await createApp({
      store: memory(),
      modules: [bankModule, defineModule({ projectors: [Openings] })],
      logger: silentLogger,
    });
    apps.push(app);
    const appends = Array.from({ length: 4_000 }, (_value, index) => ({
      stream: { aggregateType: 'account', aggregateId: `a-${index}` },
      expectedVersion: 'none' as const,
      events: [{ type: 'account.opened', payload: { owner: 'Ada' } }],
    }));
    await app.events.appendMany(appends);
    await app.projections.catchUp(patiently);
    await app.projections.rebuild(Openings);
    await expect(app.readModels.of(Openings).count()).resolves.toBe(4_000);
  });
});

describe('a projector that becomes inline', () => {
  test('stays with its runners while events are parked, so that its key keeps its order', async () => {
    const before = await start(Amounts);
    await open(before, 'a');
    await deposit(before, 'a', 1, 13, 2);
    await before.projections.catchUp(patiently);
    await before.stop();
    const app = await start(InlineAmounts);
    await deposit(app, 'a', 3);
    poison.isOn = false;
    await app.projections.catchUp(patiently);
    await app.projections.retryParked(InlineAmounts);
    await eventually('appends write it', async () =>
      (await app.projections.list()).some(
        ({ name, writtenBy }) => name === 'amounts' && writtenBy === 'appends',
      ),
    );
    await deposit(app, 'a', 4);
    await expect(app.readModels.of(InlineAmounts).get('a')).resolves.toEqual({ amounts: [1, 13, 2, 3, 4] });
  });
});
