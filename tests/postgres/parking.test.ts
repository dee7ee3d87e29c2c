import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, EventHandler, NothingParked, On, Projector, TableProjector } from 'annals';
import type { Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App, ModuleDefinition } from 'annals/di';
import { MoneyDeposited, bankModule, deposit } from '../support/bank.ts';
import { randomFrom } from '../faults/support/random.ts';
import { eventually } from '../support/eventually.ts';
import { Amounts, SkippingAmounts, poison, resetPoison, swallow } from '../support/poison.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

/* Holds whoever handles a deposit of this amount until it is opened. */
const gate = { amount: 0, isReached: false, open: () => undefined as void };

async function passGate(amount: number): Promise<void> {
  if (amount !== gate.amount) return;
  gate.isReached = true;
  await new Promise<void>(resolve => (gate.open = resolve));
}

function closeGate(amount: number): void {
  Object.assign(gate, { amount, isReached: false });
}

@Projector('ledger', { attempts: 1 })
class Ledger extends TableProjector {
  readonly tables = { entries: 'entry serial, account text, amount integer check (amount < 1000)' };
  @On(MoneyDeposited)
  async deposited({ aggregateId, payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    swallow(payload.amount);
    await passGate(payload.amount);
    await tx.upsert('entries', [{ account: aggregateId, amount: payload.amount }]);
  }
}

const seen: string[] = [];

@Projector('gated_reactions', { attempts: 1 })
class GatedReactions extends EventHandler {
  @On(MoneyDeposited) async deposited({ aggregateId, payload }: Recorded<MoneyDeposited>) {
    swallow(payload.amount);
    await passGate(payload.amount);
    seen.push(`${aggregateId} ${payload.amount}`);
  }
}

@Projector('late_checks', { attempts: 1 })
class LateChecks extends TableProjector {
  readonly tables = { amounts: 'amount integer unique deferrable initially deferred' };
  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.upsert('amounts', [{ amount: payload.amount }]);
  }
}

@Projector('swallowed', { attempts: 1 })
class Swallowed extends TableProjector {
  readonly tables = { amounts: 'amount integer unique' };
  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.upsert('amounts', [{ amount: payload.amount }]).catch(() => undefined);
  }
}

@Projector('refused', { attempts: 1 })
class Refused extends DocumentProjector<{ text: string }> {
  @On(MoneyDeposited) deposited(_doc: unknown, { payload }: Recorded<MoneyDeposited>) {
    return { text: payload.amount === 13 ? 'a \0 that jsonb refuses' : 'fine' };
  }
}

@Projector('wrong_urls', { attempts: 1 })
class WrongUrls extends DocumentProjector<{ host: string }> {
  @On(MoneyDeposited) deposited(_doc: unknown, { payload }: Recorded<MoneyDeposited>) {
    return { host: new URL(payload.amount === 13 ? 'no url' : 'http://localhost').host };
  }
}

@Projector('wrong_hosts', { attempts: 2 })
class WrongHosts extends EventHandler {
  @On(MoneyDeposited) deposited({ payload }: Recorded<MoneyDeposited>) {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    if (payload.amount === 13) throw new TypeError('fetch failed', { cause });
  }
}

/* None of these came from the database, however much they look like it. */
@Projector('false_alarms', { attempts: 1 })
class FalseAlarms extends DocumentProjector<{ amount: number }> {
  @On(MoneyDeposited) deposited(_doc: unknown, { payload }: Recorded<MoneyDeposited>) {
    if (payload.amount === 13) throw new Error('This account is not queryable.');
    return { amount: payload.amount };
  }
}

@Projector('false_alarm_rows', { attempts: 1 })
class FalseAlarmRows extends TableProjector {
  readonly tables = { amounts: 'amount integer' };
  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.upsert('amounts', [{ amount: payload.amount }]);
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    if (payload.amount === 13) throw refused;
    if (payload.amount === 14) throw new Error('cannot say', { cause: refused });
  }
}

let deadlocks = 0;

@Projector('deadlocked', { attempts: 1 })
class Deadlocked extends TableProjector {
  readonly tables = { amounts: 'amount integer' };
  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    if (deadlocks++ < 4) await tx.query(`do $$ begin raise 'unlucky' using errcode = '40P01'; end $$`);
    await tx.upsert('amounts', [{ amount: payload.amount }]);
  }
}

let wrapped = 0;

@Projector('wrapped_errors', { attempts: 1 })
class WrappedErrors extends TableProjector {
  readonly tables = { amounts: 'amount integer' };
  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    try {
      if (wrapped++ < 4) await tx.query(`do $$ begin raise 'no memory' using errcode = '53200'; end $$`);
    } catch (cause) {
      throw new Error('could not be written', { cause });
    }
    await tx.upsert('amounts', [{ amount: payload.amount }]);
  }
}

describe('parking on PostgreSQL', () => {
  let stores: PostgresStores;
  const apps: App[] = [];

  beforeAll(async () => {
    stores = await postgresStores();
  });

  beforeEach(() => {
    resetPoison();
    closeGate(0);
    seen.length = 0;
  });

  afterAll(async () => {
    await Promise.all(apps.map(app => app.stop()));
    for (const name of new Set(schemas)) await stores.pool.query(`drop schema if exists ${name} cascade`);
    await stores.close();
  });

  const schemas: string[] = [];
  const schemaOf = (suffix: string): string => `${stores.schema}_${suffix}`;

  async function start(suffix: string, projectors: ModuleDefinition['projectors']): Promise<App> {
    const schema = schemaOf(suffix);
    schemas.push(schema);
    const app = await createApp({
      store: postgres(stores.url, { schema, maxConnections: 5 }),
      modules: [bankModule, defineModule({ projectors: projectors ?? [] })],
      logger: silentLogger,
    });
    apps.push(app);
    return app;
  }

  async function rows(text: string): Promise<unknown[][]> {
    return (await stores.pool.query<unknown[]>({ text, rowMode: 'array' })).rows;
  }

  async function retryIfParked(app: App, key: string): Promise<void> {
    await app.projections.retryParked(Ledger, key).catch((error: unknown) => {
      if (!(error instanceof NothingParked)) throw error;
    });
  }

  const entries = (suffix: string): Promise<unknown[][]> =>
    rows(`select account, amount from ${schemaOf(suffix)}.ledger_v1_entries order by entry`);

  test('a statement that PostgreSQL refuses parks its aggregate, and the rest of the batch is kept', async () => {
    poison.isOn = false;
    const app = await start('refused', [Ledger]);
    await deposit(app, ['a', 1, 1000, 2], ['b', 3]);
    await app.projections.catchUp();
    await expect(entries('refused')).resolves.toEqual([
      ['a', 1],
      ['b', 3],
    ]);
    await expect(app.projections.parked(Ledger)).resolves.toEqual([
      {
        shard: 0,
        key: 'account/a',
        position: 2,
        error: expect.stringContaining('violates check constraint'),
        attempts: 1,
        parkedAt: expect.any(Date),
        count: 2,
      },
    ]);
    const ledger = (await app.projections.list()).find(({ name }) => name === 'ledger');
    expect(ledger?.parked).toEqual({ keys: 1, events: 2 });
  });

  test('an event that arrives while its queue drains comes after it', async () => {
    const app = await start('drain', [Ledger]);
    await deposit(app, ['a', 1, 13, 2]);
    await app.projections.catchUp();
    poison.isOn = false;
    closeGate(2);
    const retried = app.projections.retryParked(Ledger);
    await eventually('the last one is being handled', async () => gate.isReached);
    await deposit(app, ['a', 3]);
    await eventually('the runner waits for the checkpoint', async () => {
      const waiting = await rows(`
        select 1 from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%${schemaOf('drain')}.checkpoints%for update%'`);
      return waiting.length > 0;
    });
    gate.open();
    await expect(retried).resolves.toEqual({ handled: 2, failedKeys: [] });
    await app.projections.catchUp();
    await expect(entries('drain')).resolves.toEqual([1, 13, 2, 3].map(amount => ['a', amount]));
    await expect(app.projections.parked(Ledger)).resolves.toEqual([]);
  });

  test('an event that arrives while a reaction is retried waits at the end of the queue', async () => {
    const app = await start('react', [GatedReactions]);
    await deposit(app, ['a', 13, 2]);
    await app.projections.catchUp();
    poison.isOn = false;
    closeGate(2);
    const retried = app.projections.retryParked(GatedReactions);
    await eventually('the last one is being handled', async () => gate.isReached);
    await deposit(app, ['a', 3], ['b', 4]);
    await app.projections.catchUp();
    expect(seen).toEqual(['a 13', 'b 4']);
    gate.open();
    await expect(retried).resolves.toEqual({ handled: 3, failedKeys: [] });
    expect(seen).toEqual(['a 13', 'b 4', 'a 2', 'a 3']);
  });

  test('two retries at once are one retry and a refusal', async () => {
    const app = await start('twice', [GatedReactions]);
    await deposit(app, ['a', 13]);
    await app.projections.catchUp();
    poison.isOn = false;
    closeGate(13);
    const retried = app.projections.retryParked(GatedReactions);
    await eventually('it is being handled', async () => gate.isReached);
    await expect(app.projections.retryParked(GatedReactions)).rejects.toMatchObject({
      code: 'retry-under-way',
    });
    gate.open();
    await retried;
    expect(seen).toEqual(['a 13']);
  });

  test('nothing is parked without the checkpoint that passes it', async () => {
    const app = await start('atomic', [Ledger]);
    const schema = schemaOf('atomic');
    await stores.pool.query(`
      create function ${schema}.stay() returns trigger language plpgsql as
        $$ begin raise 'the checkpoint stays'; end $$;
      create trigger stay before update of position on ${schema}.checkpoints
        for each row when (new.name = 'ledger') execute function ${schema}.stay()`);
    await deposit(app, ['a', 13, 1]);
    await eventually('parking was tried', async () => {
      const ledger = (await app.projections.list()).find(({ name }) => name === 'ledger');
      return poison.tried >= 2 && String(ledger?.lastError).includes('the checkpoint stays');
    });
    await expect(rows(`select * from ${schema}.parked`)).resolves.toEqual([]);
    await stores.pool.query(`drop trigger stay on ${schema}.checkpoints`);
    await app.projections.catchUp();
    await expect(app.projections.parked(Ledger)).resolves.toMatchObject([{ position: 1, count: 2 }]);
  });

  test('a check at the end of the transaction, a swallowed error and a refused document park their event', async () => {
    poison.isOn = false;
    const app = await start('late', [LateChecks, Swallowed, Refused]);
    await deposit(app, ['a', 1], ['b', 1], ['c', 13], ['d', 2]);
    await app.projections.catchUp();
    const keys = async (projector: new () => object): Promise<string[]> =>
      (await app.projections.parked(projector)).map(({ key }) => key);
    await expect(keys(LateChecks)).resolves.toEqual(['account/b']);
    await expect(keys(Swallowed)).resolves.toEqual(['account/b']);
    await expect(keys(Refused)).resolves.toEqual(['c']);
    await expect(app.readModels.of(Refused).count()).resolves.toBe(3);
  });

  test('an address in the event that leads nowhere is the event’s fault', async () => {
    const app = await start('hosts', [WrongUrls, WrongHosts]);
    await deposit(app, ['a', 13], ['b', 1]);
    await app.projections.catchUp();
    await expect(app.projections.parked(WrongUrls)).resolves.toMatchObject([{ key: 'a', count: 1 }]);
    await expect(app.projections.parked(WrongHosts)).resolves.toMatchObject([{ key: 'account/a', count: 1 }]);
  });

  test('a projector’s own error that looks like a lost connection parks its event, also when it is retried', async () => {
    const app = await start('alarms', [FalseAlarms, FalseAlarmRows]);
    await deposit(app, ['a', 13], ['b', 14], ['c', 1]);
    await app.projections.catchUp();
    const error = 'Error: This account is not queryable.';
    await expect(app.projections.parked(FalseAlarms)).resolves.toMatchObject([{ key: 'a', count: 1, error }]);
    await expect(app.projections.parked(FalseAlarmRows)).resolves.toMatchObject([
      { key: 'account/a', count: 1 },
      { key: 'account/b', count: 1 },
    ]);
    await expect(app.projections.retryParked(FalseAlarms)).resolves.toEqual({
      handled: 0,
      failedKeys: ['a'],
    });
    const [counted] = await rows(
      `select count(*)::int from ${schemaOf('alarms')}.false_alarm_rows_v1_amounts`,
    );
    expect(counted).toEqual([1]);
  });

  test('a deadlock is nobody’s fault and parks nothing; nor does what a projector wraps of it', async () => {
    const app = await start('deadlock', [Deadlocked, WrappedErrors]);
    await deposit(app, ['a', 1]);
    await app.projections.catchUp();
    expect([deadlocks, wrapped]).toEqual([5, 5]);
    await expect(app.projections.parked(Deadlocked)).resolves.toEqual([]);
    await expect(app.projections.parked(WrappedErrors)).resolves.toEqual([]);
  });

  test('what was discarded or skipped is recorded', async () => {
    const app = await start('record', [Amounts, SkippingAmounts]);
    await deposit(app, ['a', 13, 1]);
    await app.projections.catchUp();
    await app.projections.discardParked(Amounts, 'a', 'typed twice', { actor: 'user:ada' });
    const discarded = `select name, key, position::int, error, reason, discarded_by
      from ${schemaOf('record')}.discarded order by name, position`;
    await expect(rows(discarded)).resolves.toEqual([
      ['amounts', 'a', 1, 'RangeError: poison 13', 'typed twice', 'user:ada'],
      ['amounts', 'a', 2, null, 'typed twice', 'user:ada'],
      ['skipping_amounts', 'a', 1, 'RangeError: poison 13', "skipped by the projector's policy", null],
    ]);
  });

  test('two nodes, poison that comes and goes, retries and rebuilds leave every key in its order', async () => {
    const seed = Date.now() % 100_000;
    process.stdout.write(`parking seed ${seed}\n`);
    const random = randomFrom(seed);
    const nodes = [await start('many', [Amounts, Ledger]), await start('many', [Amounts, Ledger])];
    const node = (): App => random.pick(nodes);
    const expected = new Map<string, number[]>();
    for (let round = 0; round < 25; round++) {
      const deposits = Array.from({ length: 20 }, (_value, index): [string, number] => [
        `id-${random.below(8)}`,
        random.below(6) === 0 ? 13 : 100 + round * 20 + index,
      ]);
      for (const [id, amount] of deposits) expected.set(id, [...(expected.get(id) ?? []), amount]);
      await deposit(node(), ...deposits);
      poison.isOn = random.below(3) > 0;
      if (random.below(3) === 0) await node().projections.catchUp();
      if (random.below(3) === 0) await node().projections.retryParked(Amounts);
      if (random.below(3) === 0) await retryIfParked(node(), `account/id-${random.below(8)}`);
      if (random.below(10) === 0) await node().projections.rebuild(Amounts, { allowsParked: true });
    }
    poison.isOn = false;
    await nodes[0]!.projections.catchUp();
    for (const projector of [Amounts, Ledger]) {
      await expect(nodes[0]!.projections.retryParked(projector)).resolves.toMatchObject({ failedKeys: [] });
      await expect(nodes[1]!.projections.parked(projector)).resolves.toEqual([]);
    }
    const documents = await nodes[0]!.readModels.of(Amounts).getMany([...expected.keys()]);
    const inLedger = await entries('many');
    for (const [id, amounts] of expected) {
      expect(documents.get(id)).toEqual({ amounts });
      expect(inLedger.filter(([account]) => account === id).map(([, amount]) => amount)).toEqual(amounts);
    }
  });
});
