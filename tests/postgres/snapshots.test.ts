import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp, defineModule } from 'annals/di';
import type { App } from 'annals/di';
import type { Logger, Store } from 'annals';
import { checksumOf } from '../../src/application/snapshots/snapshot-checksum.ts';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import { OldTally, compareWithFold } from '../support/snapshot-run.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

let stores: PostgresStores;
let store: Store;
const warnings: string[] = [];
const logger: Logger = {
  info: () => undefined,
  warn: message => void warnings.push(message),
  error: message => void warnings.push(message),
};

beforeAll(async () => {
  stores = await postgresStores();
  store = await stores.open();
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await stores.close();
});

const start = (): Promise<App> =>
  createApp({
    ...{ store: sharedStore(store), logger, cachedAggregates: 0 },
    modules: [defineModule({ aggregates: [OldTally] })],
  });

async function write(id: string, ...amounts: number[]): Promise<void> {
  await using app = await start();
  const tallies = app.repository(OldTally);
  const add = (tally: OldTally): number => tally.add(amounts);
  if ((await tallies.find(id)) === undefined) await tallies.create(id, add);
  else await tallies.update(id, add);
}

async function totalOf(id: string): Promise<number> {
  await using app = await start();
  return (await app.repository(OldTally).load(id)).total;
}

async function versionOf(id: string): Promise<number | undefined> {
  return (await store.snapshots.find({ aggregateType: 'tally', aggregateId: id }, 1))?.version;
}

async function edit(assignment: string): Promise<void> {
  await stores.pool.query(`update ${stores.schema}.snapshots set ${assignment}`);
}

describe('Snapshots on PostgreSQL', () => {
  test('change no state of any version and time, whatever becomes of them', async () => {
    const seen = await compareWithFold(options => stores.open(options), 30);
    expect(seen.found).toBeGreaterThan(5);
  });

  test('whose rows are edited by hand are removed, and the events are folded', async () => {
    const edits = [
      `state = replace(state::text, '6', '9')::json`,
      `state = '{}'`,
      `state = 'null'`,
      'version = version - 1',
      'version = version + 1',
      `event_id = '01890000-0000-7000-8000-000000000001'`,
      `checksum = ''`,
    ];
    for (const [index, assignment] of edits.entries()) {
      warnings.length = 0;
      const id = `edited-${index}`;
      await write(id, 1, 2, 3, 4);
      expect(await versionOf(id)).toBe(4);
      await edit(assignment);
      expect([assignment, await totalOf(id)]).toEqual([assignment, 10]);
      expect([assignment, warnings, await versionOf(id)]).toEqual([
        ...[assignment, ['A snapshot cannot be read. It is removed, and all events are folded.'], undefined],
      ]);
    }
  });

  test('survive a restored backup: those of lost events are removed, and newer ones take their place', async () => {
    const id = 'restored';
    await write(id, 1, 2, 3, 4);
    const { snapshots } = store;
    const ahead = (await snapshots.find({ aggregateType: 'tally', aggregateId: id }, 1))!;
    // As if the log had been restored to before these four events, and others had been stored since.
    const other = 'restored-since';
    await write(other, 5, 5);
    const lost = { ...ahead, stream: { aggregateType: 'tally', aggregateId: other } };
    await snapshots.save({ ...lost, checksum: checksumOf(lost) });
    warnings.length = 0;
    expect(await totalOf(other)).toBe(10);
    expect(warnings).toEqual([
      'A snapshot is of a version that the stream does not have. It is removed, and all events are folded.',
    ]);
    await write(other, 1);
    expect([await versionOf(other), await totalOf(other)]).toEqual([3, 11]);
  });

  test('cost nothing but time where their table is away', async () => {
    const id = 'away';
    await write(id, 1, 2, 3);
    warnings.length = 0;
    await stores.pool.query(`alter table ${stores.schema}.snapshots rename to gone`);
    try {
      await write(id, 4, 5, 6);
      expect(await totalOf(id)).toBe(21);
    } finally {
      await stores.pool.query(`alter table ${stores.schema}.gone rename to snapshots`);
    }
    expect(new Set(warnings)).toEqual(
      new Set([
        'Snapshots cannot be read. All events are folded until they can.',
        'A snapshot could not be saved. Loads fold more events until one can.',
      ]),
    );
    expect(await totalOf(id)).toBe(21);
  });
});
