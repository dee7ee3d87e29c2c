import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { DocumentProjector, On, Projector, TableProjector } from 'annals';
import type { Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import { addBuild } from '../support/add-build.ts';
import {
  Account,
  Deposit,
  DepositHandler,
  MoneyDeposited,
  OpenAccount,
  OpenAccountHandler,
} from '../support/bank.ts';
import { lookAt } from '../support/look-at.ts';
import { eventually } from '../support/eventually.ts';
import { Gate, intercepted } from '../support/intercepted-store.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

class Amounts extends DocumentProjector<{ amounts: number[] }> {
  @On(MoneyDeposited)
  deposited(doc = { amounts: [] as number[] }, { payload }: Recorded<MoneyDeposited>) {
    return { amounts: [...doc.amounts, payload.amount] };
  }
}

@Projector('sharded', { shards: 2 })
class Sharded extends Amounts {}

const quick = { beatMs: 20, leaseMs: 400 };

let server: PostgresStores;
let schemas = 0;

beforeAll(async () => {
  server = await postgresStores();
});

afterAll(() => server.close());

@Projector('waiting')
class Waiting extends TableProjector {
  static gate: Gate | undefined;
  readonly tables = { amounts: 'account text not null, amount integer not null' };

  @On(MoneyDeposited)
  async deposited({ aggregateId, payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.query(`insert into ${tx.table('amounts')} values ($1, $2)`, [aggregateId, payload.amount]);
    const { gate } = Waiting;
    Waiting.gate = undefined;
    await gate?.pass();
  }
}

describe('a node on PostgreSQL', () => {
  const schemaNow = (): string => `${server.schema}_${schemas}`;
  const claimed = { version: 1, generation: 1 };

  test('that stops in the middle of a batch holds nobody up for longer than a transaction may stand still', async () => {
    const factory = postgres(server.url, {
      schema: `${server.schema}_${++schemas}`,
      idleTransactionMs: 600,
    });
    const beats = new Gate();
    let isFrozen = false;
    const frozenFactory = intercepted(factory, {
      readModels: real => ({
        async beat(node, leaseMs) {
          if (isFrozen) await beats.pass();
          return real.beat(node, leaseMs);
        },
      }),
    });
    const gate = new Gate();
    const modules = [
      defineModule({
        aggregates: [Account],
        handlers: [OpenAccountHandler, DepositHandler],
        projectors: [Waiting, Sharded],
      }),
    ];
    const options = { modules, logger: silentLogger, projectionPace: quick };
    await using frozen = await createApp({ ...options, store: frozenFactory });
    Waiting.gate = gate;
    await frozen.commands.dispatch(new OpenAccount('a', 'Ada'));
    await frozen.commands.dispatch(new Deposit('a', 5));
    await gate.reached;
    isFrozen = true;

    await using other = await createApp({ ...options, store: factory });
    await other.commands.dispatch(new Deposit('a', 6), { waitFor: [Waiting, Sharded] });
    // What it had under way is not written, although it goes on.
    gate.open();
    isFrozen = false;
    beats.open();
    await frozen.commands.dispatch(new Deposit('a', 7), { waitFor: [Waiting, Sharded] });
    const { rows } = await server.pool.query<{ amount: number }>(
      `select amount from ${schemaNow()}.waiting_amounts`,
    );
    expect(rows.map(({ amount }) => amount)).toEqual([5, 6, 7]);
    await expect(frozen.readModels.of(Sharded).get('a')).resolves.toEqual({ amounts: [5, 6, 7] });
  });

  test('claims what it can get without waiting for what is locked', async () => {
    await using store = await postgres(server.url, { schema: `${server.schema}_${++schemas}` }).open(
      testServices(),
    );
    await addBuild(store.readModels, 'locked', { shards: 2 });
    await store.readModels.beat({ node: 'me', runs: [] }, 60_000);
    await using _lock = await lockShard(0);
    const shards = [0, 1].map(shard => ({ name: 'locked', ...claimed, shard, epoch: 0 }));
    await expect(store.readModels.claim('me', shards)).resolves.toEqual([{ ...shards[1], epoch: 1 }]);
  });

  test('leaves, and gives shards up, in the order in which others lock them', async () => {
    const factory = postgres(server.url, { schema: `${server.schema}_${++schemas}` });
    await using store = await factory.open(testServices());
    const { readModels } = store;
    await addBuild(readModels, 'left', { shards: 2 });
    for (const giveUp of ['release', 'leave'] as const) {
      await readModels.beat({ node: 'me', runs: [] }, 60_000);
      const shards = await lookAt(readModels);
      await readModels.claim('me', shards);
      // Now the first shard is stored behind the second.
      await server.pool.query(`update ${schemaNow()}.checkpoints set error = 'moved' where shard = 0`);
      const lock = await lockShard(0);
      const givenUp = readModels[giveUp]('me', shards);
      await eventually('it waits for the first shard', async () => {
        const { rows } = await server.pool.query(
          `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%${schemaNow()}.checkpoints%'`,
        );
        return rows.length > 0;
      });
      await lock.client.query(`select from ${schemaNow()}.checkpoints where shard = 1 for update`);
      await lock[Symbol.asyncDispose]();
      await givenUp;
    }
  });

  async function lockShard(shard: number): Promise<AsyncDisposable & { client: pg.PoolClient }> {
    const client = await server.pool.connect();
    await client.query('begin');
    await client.query(`select from ${schemaNow()}.checkpoints where shard = $1 for update`, [shard]);
    return {
      client,
      async [Symbol.asyncDispose]() {
        await client.query('commit');
        client.release();
      },
    };
  }
});
