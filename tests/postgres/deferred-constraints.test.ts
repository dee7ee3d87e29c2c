import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Event, On, Projector, TableProjector } from 'annals';
import type { Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { shardOf } from '../../src/projections/shard-of.ts';
import { postgresStores, randomSchema } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Event('rank.taken')
class RankTaken {
  constructor(readonly rank: number) {}
}

@Event('rank.swapped')
class RanksSwapped {
  constructor(
    readonly one: string,
    readonly other: string,
  ) {}
}

/* Two players have the same rank between two statements, and between two events if the second one is poison. */
@Projector('ranks', { attempts: 1, shards: 3 })
class Ranks extends TableProjector {
  readonly tables = { ranks: 'player text primary key, rank integer unique deferrable initially deferred' };

  @On(RankTaken) async taken({ aggregateId, payload }: Recorded<RankTaken>, tx: TableTransaction) {
    if (payload.rank === 13) throw new RangeError('nobody is thirteenth');
    await tx.upsert('ranks', [{ player: aggregateId, rank: payload.rank }]);
  }

  @On(RanksSwapped) async swapped({ payload }: Recorded<RanksSwapped>, tx: TableTransaction) {
    const { one, other } = payload;
    const ranks = tx.table('ranks');
    const [{ rank: ofOne }, { rank: ofOther }] = (await tx.query(
      `select rank from ${ranks} where player = any ($1) order by player = $2 desc`,
      [[one, other], one],
    )) as [{ rank: number }, { rank: number }];
    await tx.query(`update ${ranks} set rank = $2 where player = $1`, [one, ofOther]);
    await tx.query(`update ${ranks} set rank = $2 where player = $1`, [other, ofOne]);
  }
}

const modules = [defineModule({ events: [RankTaken, RanksSwapped], projectors: [Ranks] })];
const playersIn = (shard: number): string[] =>
  Array.from({ length: 50 }, (_value, index) => `player-${index}`).filter(
    player => shardOf(`rank/${player}`, 3) === shard,
  );
// All in one shard, so that one batch handles them.
const [ada, bob, eve] = playersIn(0) as [string, string, string];
const [judge] = playersIn(1) as [string];

let stores: PostgresStores;
let schema: string;
let app: App;

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
});

beforeEach(async () => {
  schema = randomSchema();
  app = await createApp({ store: postgres(stores.url, { schema }), modules, logger: silentLogger });
});

afterEach(() => app.stop());

afterAll(() => stores.close());

async function append(player: string, type: string, payload: object): Promise<void> {
  const stream = { aggregateType: 'rank', aggregateId: player };
  await app.events.append({ stream, expectedVersion: 'any', events: [{ type, payload }] });
}

async function ranks(): Promise<unknown[][]> {
  const text = `select player, rank from ${schema}.ranks_ranks order by rank`;
  return (await stores.pool.query<unknown[]>({ text, rowMode: 'array' })).rows;
}

/* While the projection is paused, so that one batch or one transaction handles what follows. */
async function swapAfter(...taken: [player: string, rank: number][]): Promise<void> {
  await app.projections.pause(Ranks);
  for (const [player, rank] of taken) await append(player, 'rank.taken', { rank });
  await append(ada, 'rank.swapped', { one: ada, other: bob });
}

describe('a constraint that is checked at the end of the transaction', () => {
  const swapped = [
    [bob, 1],
    [ada, 2],
  ];

  test('stays deferred for the events behind one that is parked', async () => {
    await swapAfter([ada, 1], [bob, 2], [eve, 13]);
    await app.projections.resume(Ranks);
    await app.projections.catchUp();
    await expect(app.projections.parked(Ranks)).resolves.toMatchObject([{ key: `rank/${eve}`, count: 1 }]);
    await expect(ranks()).resolves.toEqual(swapped);
  });

  test('parks the events that break it, and no others, wherever they stand in the batch', async () => {
    await swapAfter([ada, 1], [eve, 1], [bob, 2]);
    await app.projections.resume(Ranks);
    await app.projections.catchUp();
    await expect(app.projections.parked(Ranks)).resolves.toMatchObject([
      { key: `rank/${eve}`, count: 1, error: expect.stringContaining('duplicate key') },
    ]);
    await expect(ranks()).resolves.toEqual(swapped);
  });

  test('stays deferred while an operator has shards brought to one position', async () => {
    await app.projections.pause(Ranks);
    await append(ada, 'rank.taken', { rank: 1 });
    await append(bob, 'rank.taken', { rank: 2 });
    await app.projections.resume(Ranks);
    await app.projections.catchUp();
    await app.projections.pause(Ranks);
    await append(eve, 'rank.taken', { rank: 3 });
    await append(judge, 'rank.swapped', { one: ada, other: bob });
    // As if the last shard, which has nothing of this to handle, had gone ahead of the other two.
    await stores.pool.query(
      `update ${schema}.checkpoints set position = 4 where name = 'ranks' and shard = 2`,
    );
    await app.projections.reshard(Ranks, 1);
    await expect(app.projections.parked(Ranks)).resolves.toEqual([]);
    await expect(ranks()).resolves.toEqual([
      [bob, 1],
      [ada, 2],
      [eve, 3],
    ]);
  });
});
