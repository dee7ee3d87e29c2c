import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Transform } from 'class-transformer';
import {
  DocumentProjector,
  Event,
  EventHandler,
  InvalidIdentifier,
  InvalidProjectorOption,
  On,
  ProjectionStopped,
  ProjectionNotRunning,
  Projector,
  StoreUnavailable,
  RebuildParked,
  TooManyParked,
} from 'annals';
import type { Recorded } from 'annals';
import { createApp, defineModule, memory, silentLogger } from 'annals/di';
import type { App, AppOptions } from 'annals/di';
import { Account, MoneyDeposited, bankModule, deposit } from '../../support/bank.ts';
import { eventually } from '../../support/eventually.ts';
import {
  AccountsByOwner,
  Amounts,
  FannedAmounts,
  FewAmounts,
  SkippingAmounts,
  StoppingAmounts,
  poison,
  resetPoison,
  swallow,
} from '../../support/poison.ts';

const seen: string[] = [];

@Projector('reactions', { attempts: 2 })
class Reactions extends EventHandler {
  @On(MoneyDeposited) deposited({ payload, aggregateId }: Recorded<MoneyDeposited>) {
    seen.push(`${aggregateId} ${payload.amount}`);
    swallow(payload.amount);
  }
}

const apps: App[] = [];
beforeEach(() => {
  resetPoison();
  seen.length = 0;
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

async function start(
  projectors: AppOptions['modules'][number]['projectors'],
  events: NonNullable<AppOptions['modules'][number]['events']> = [],
): Promise<App> {
  const modules = [bankModule, defineModule({ projectors: projectors ?? [], events })];
  const app = await createApp({ store: memory(), modules, logger: silentLogger });
  apps.push(app);
  return app;
}

describe('an event that a document projector cannot handle', () => {
  test('is parked with what follows of its key, and other keys go on', async () => {
    const app = await start([Amounts]);
    await deposit(app, ['a', 1, 13, 2], ['b', 3, 4]);
    await app.projections.catchUp();
    await deposit(app, ['a', 5], ['b', 6]);
    await app.projections.catchUp();
    await expect(app.readModels.of(Amounts).getMany(['a', 'b'])).resolves.toEqual(
      new Map([
        ['a', { amounts: [1] }],
        ['b', { amounts: [3, 4, 6] }],
      ]),
    );
    await expect(app.projections.parked(Amounts)).resolves.toEqual([
      {
        shard: 0,
        key: 'a',
        position: 2,
        error: 'RangeError: poison 13',
        attempts: 3,
        parkedAt: expect.any(Date),
        count: 3,
      },
    ]);
    const status = (await app.projections.list()).find(({ name }) => name === 'amounts');
    expect(status).toMatchObject({ parked: { keys: 1, events: 3 }, condition: 'running' });
  });

  test('is not parked if a later attempt succeeds', async () => {
    // Twice with its batch, after a pause each, then alone.
    poison.failures = 4;
    const app = await start([Amounts]);
    await deposit(app, ['a', 13]);
    await app.projections.catchUp();
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [13] });
    await expect(app.projections.parked(Amounts)).resolves.toEqual([]);
  });

  test('is retried in order, with what came after it', async () => {
    const app = await start([Amounts]);
    await deposit(app, ['a', 1, 13, 2]);
    await app.projections.catchUp();
    await deposit(app, ['a', 3]);
    await app.projections.catchUp();
    poison.isOn = false;
    await expect(app.projections.retryParked(Amounts)).resolves.toEqual({ handled: 3, failedKeys: [] });
    await deposit(app, ['a', 4]);
    await app.projections.catchUp();
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 13, 2, 3, 4] });
    await expect(app.projections.parked(Amounts)).resolves.toEqual([]);
  });

  test('that fails a retry stays parked and counts it; other keys are retried', async () => {
    const app = await start([Amounts]);
    await deposit(app, ['a', 13, 1], ['b', 13, 2]);
    await app.projections.catchUp();
    poison.failures = 1;
    await expect(app.projections.retryParked(Amounts)).resolves.toEqual({ handled: 2, failedKeys: ['a'] });
    await expect(app.projections.parked(Amounts)).resolves.toMatchObject([
      { key: 'a', attempts: 4, count: 2 },
    ]);
    await expect(app.readModels.of(Amounts).find()).resolves.toEqual([
      { id: 'b', document: { amounts: [13, 2] } },
    ]);
  });

  test('is discarded with a reason, and its key goes on', async () => {
    const app = await start([Amounts]);
    await deposit(app, ['a', 1, 13, 2]);
    await app.projections.catchUp();
    await expect(app.projections.discardParked(Amounts, 'a', ' ')).rejects.toThrow(InvalidIdentifier);
    await expect(app.projections.discardParked(Amounts, 'a', 'typed twice')).resolves.toBe(2);
    await deposit(app, ['a', 3]);
    await app.projections.catchUp();
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 3] });
  });

  test('suffers alone where others fail as well', async () => {
    const app = await start([Amounts]);
    const ids = Array.from({ length: 40 }, (_value, index) => `id-${index}`);
    const sick = ids.filter((_id, index) => index % 3 === 0);
    await deposit(app, ...ids.map(id => [id, 1, sick.includes(id) ? 13 : 7, 2] as [string, ...number[]]));
    await app.projections.catchUp();
    const parked = await app.projections.parked(Amounts);
    expect(parked.map(({ key }) => key)).toEqual(sick);
    const found = await app.readModels.of(Amounts).getMany(ids);
    for (const id of ids) {
      expect(found.get(id)).toEqual({ amounts: sick.includes(id) ? [1] : [1, 7, 2] });
    }
  });

  test('of several keys waits for the one that failed only', async () => {
    const app = await start([FannedAmounts]);
    await deposit(app, ['a', 1], ['b', 13, 2]);
    await app.projections.catchUp();
    const documents = app.readModels.of(FannedAmounts);
    await expect(documents.get('b')).resolves.toEqual({ amounts: [13, 2] });
    await expect(documents.get('all')).resolves.toEqual({ amounts: [1] });
    poison.isOn = false;
    await app.projections.retryParked(FannedAmounts, 'all');
    await expect(documents.get('b')).resolves.toEqual({ amounts: [13, 2] });
    await expect(documents.get('all')).resolves.toEqual({ amounts: [1, 13, 2] });
  });

  test('whose key nobody can tell waits under its aggregate, and so do the keys of what follows there, in order', async () => {
    const app = await start([AccountsByOwner]);
    await app.repository(Account).create('a', account => account.open('Nobody'));
    await deposit(app, ['a', 5], ['b', 6]);
    await app.projections.catchUp();
    const documents = app.readModels.of(AccountsByOwner);
    await expect(documents.get('Ada')).resolves.toBeUndefined();
    await expect(app.projections.parked(AccountsByOwner)).resolves.toMatchObject([
      { key: 'account/a', position: 1, error: 'RangeError: who is Nobody?', count: 1 },
      { key: 'Ada', position: 2, error: '', count: 2 },
    ]);
    await expect(app.projections.retryParked(AccountsByOwner, 'Ada')).resolves.toMatchObject({ handled: 0 });
    poison.isOn = false;
    await app.projections.retryParked(AccountsByOwner);
    await expect(documents.get('Nobody')).resolves.toEqual({ events: ['a opened'] });
    await expect(documents.get('Ada')).resolves.toEqual({ events: ['a +5', 'b +6'] });
  });

  test('is left behind by a rebuild that can handle it', async () => {
    const app = await start([Amounts]);
    await deposit(app, ['a', 1, 13, 2]);
    await app.projections.catchUp();
    poison.isOn = false;
    await app.projections.rebuild(Amounts);
    await expect(app.projections.parked(Amounts)).resolves.toEqual([]);
    await deposit(app, ['a', 3]);
    await app.projections.catchUp();
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 13, 2, 3] });
  });

  test('keeps a rebuild that first meets it from taking the place of the live build, unless asked to', async () => {
    poison.isOn = false;
    const app = await start([Amounts]);
    await deposit(app, ['a', 1, 13, 2], ['b', 3]);
    await app.projections.catchUp();
    poison.isOn = true;
    await expect(app.projections.rebuild(Amounts)).rejects.toThrow(RebuildParked);
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 13, 2] });
    await app.projections.swap(Amounts, { allowsParked: true });
    await deposit(app, ['a', 4], ['b', 5]);
    await app.projections.catchUp();
    await expect(app.projections.parked(Amounts)).resolves.toMatchObject([{ key: 'a', count: 3 }]);
    await expect(app.readModels.of(Amounts).get('b')).resolves.toEqual({ amounts: [3, 5] });
  });
});

describe('an event that cannot be read', () => {
  @Event('account.tagged')
  class Tagged {
    @Transform(({ value }: { value: string }) => readable(value), { toClassOnly: true })
    readonly tag!: string;
  }

  @Projector('tags', { attempts: 1 })
  class Tags extends DocumentProjector<{ tags: string[] }> {
    @On(Tagged) tagged(doc = { tags: [] as string[] }, { payload }: Recorded<Tagged>) {
      return { tags: [...doc.tags, payload.tag] };
    }
  }

  test('is parked like one that cannot be handled; unknown types are not even read', async () => {
    const app = await start([Tags], [Tagged]);
    await app.events.appendMany(
      [
        ['a', 'account.tagged', 'broken'],
        ['a', 'account.from_the_future', 'x'],
        ['a', 'account.tagged', 'y'],
        ['b', 'account.tagged', 'z'],
      ].map(([aggregateId, type, tag]) => ({
        stream: { aggregateType: 'account', aggregateId: aggregateId! },
        expectedVersion: 'any' as const,
        events: [{ type: type!, payload: { tag } }],
      })),
    );
    await app.projections.catchUp();
    await expect(app.readModels.of(Tags).find()).resolves.toEqual([{ id: 'b', document: { tags: ['z'] } }]);
    await expect(app.projections.parked(Tags)).resolves.toMatchObject([
      { key: 'a', position: 1, error: 'Error: unreadable', count: 2 },
    ]);
  });

  function readable(tag: string): string {
    if (tag === 'broken') throw new Error('unreadable');
    return tag;
  }
});

describe('an error that is not the event’s fault', () => {
  test('parks nothing, however often it comes', async () => {
    let failures = 5;
    @Projector('away', { attempts: 1 })
    class Away extends Amounts {
      @On(MoneyDeposited) override deposited(doc = { amounts: [] as number[] }) {
        const cause = new StoreUnavailable('The database is away.');
        if (failures-- > 0) throw new Error('cannot say', { cause });
        return doc;
      }
    }
    const app = await start([Away]);
    await deposit(app, ['a', 1]);
    await app.projections.catchUp();
    expect(failures).toBe(-1);
    await expect(app.projections.parked(Away)).resolves.toEqual([]);
  });
});

describe('a projector that stops', () => {
  test('keeps nothing of the batch, says why, and goes on when it is resumed', async () => {
    const app = await start([StoppingAmounts]);
    await deposit(app, ['a', 1], ['b', 13]);
    const wait = app.projections.waitFor(StoppingAmounts, 2, { timeoutMs: 120_000 });
    const timeout = (await wait.catch((error: unknown) => error)) as ProjectionNotRunning;
    expect(timeout).toBeInstanceOf(ProjectionNotRunning);
    expect(timeout.cause).toBeInstanceOf(ProjectionStopped);
    expect(timeout.cause).toMatchObject({ position: 2, key: 'b', cause: new RangeError('poison 13') });
    await expect(app.readModels.of(StoppingAmounts).get('a')).resolves.toBeUndefined();
    await expect(statusOf(app, 'stopping_amounts')).resolves.toMatchObject({ condition: 'stopped' });
    poison.isOn = false;
    await app.projections.resume(StoppingAmounts);
    await app.projections.catchUp();
    await expect(app.readModels.of(StoppingAmounts).get('b')).resolves.toEqual({ amounts: [13] });
  });
});

describe('a projector that skips', () => {
  test('goes on without the event, and only without that', async () => {
    const app = await start([SkippingAmounts]);
    await deposit(app, ['a', 1, 13, 2, 13, 3], ['b', 13, 4]);
    await app.projections.catchUp();
    await expect(app.readModels.of(SkippingAmounts).getMany(['a', 'b'])).resolves.toEqual(
      new Map([
        ['a', { amounts: [1, 2, 3] }],
        ['b', { amounts: [4] }],
      ]),
    );
    await expect(app.projections.parked(SkippingAmounts)).resolves.toEqual([]);
  });
});

describe('a projector that may park few events', () => {
  test('stops before one too many, and loses none', async () => {
    const app = await start([FewAmounts]);
    await deposit(app, ['a', 13, 1, 2]);
    await app.projections.catchUp();
    await deposit(app, ['a', 3], ['b', 4]);
    const stopped = await eventually('it stops', async () => {
      const runner = await statusOf(app, 'few_amounts');
      return runner?.condition === 'stopped' && runner;
    });
    expect(stopped.position).toBe(3);
    expect(stopped.lastError).toContain(new TooManyParked('few_amounts', 3, undefined).message);
    poison.isOn = false;
    await app.projections.retryParked(FewAmounts);
    await app.projections.resume(FewAmounts);
    await app.projections.catchUp();
    await expect(app.readModels.of(FewAmounts).get('a')).resolves.toEqual({ amounts: [13, 1, 2, 3] });
  });
});

describe('an event handler that fails', () => {
  test('parks the event with what follows of its aggregate, and repeats nothing of its neighbours', async () => {
    const app = await start([Reactions]);
    await deposit(app, ['a', 1, 13, 2], ['b', 3]);
    await app.projections.catchUp();
    expect(seen).toEqual(['a 1', 'a 13', 'a 13', 'b 3']);
    await expect(app.projections.parked(Reactions)).resolves.toMatchObject([
      { key: 'account/a', position: 2, attempts: 2, count: 2 },
    ]);
    poison.isOn = false;
    seen.length = 0;
    await app.projections.retryParked(Reactions, 'account/a');
    await deposit(app, ['a', 4]);
    await app.projections.catchUp();
    expect(seen).toEqual(['a 13', 'a 2', 'a 4']);
  });
});

describe('options of a projector', () => {
  test.each([
    ...[{ attempts: 0 }, { attempts: 1.5 }, { maxParked: -1 }, { onFailure: 'hope' as 'park' }],
    ...[{ mode: 'Inline' as 'inline' }, { onNewVersion: 'later' as 'wait' }, { shards: 0 }],
  ])('are refused where they make no sense: %j', options => {
    expect(() => Projector('wrong', options)).toThrow(InvalidProjectorOption);
  });

  test('are named in the error, with what to give', () => {
    expect(() => Projector('wrong', { mode: 'Inline' as 'inline' })).toThrow(
      "Projector \"wrong\" was given mode \"Inline\". Give 'async', 'inline' or 'live'.",
    );
  });
});

async function statusOf(app: App, name: string) {
  return (await app.projections.list()).find(projection => projection.name === name);
}
