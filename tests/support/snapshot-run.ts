import { randomInt } from 'node:crypto';
import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { Aggregate, AggregateRoot, Event, EventReplay, On, everyEvents } from 'annals';
import type { EventReader, RebuildOptions, Snapshot, Store } from 'annals';
import { createApp, defineModule, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { VirtualClock } from 'annals/testing';
import { checksumOf } from '../../src/application/snapshots/snapshot-checksum.ts';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import { instead } from './intercepted-store.ts';

@Event('tally.added')
export class Added {
  constructor(readonly amount: number) {}
}

/** A tally as the code of one version has it; what it says depends on every event and on their order. */
@Aggregate('tally', { snapshots: { version: 1, when: everyEvents(3) } })
export class OldTally extends AggregateRoot {
  total = 0;
  private digest = 7;

  add(amounts: readonly number[]) {
    for (const amount of amounts) this.raise(new Added(amount));
    return this.digest;
  }

  @On(Added) protected added({ amount }: Added) {
    this.total += amount;
    this.digest = (this.digest * 31 + amount) % 1_000_003;
  }
}

/** The same with other fields, as the next version of the code has it. */
@Aggregate('tally', { snapshots: { version: 2, when: everyEvents(4) } })
export class NewTally extends AggregateRoot {
  private readonly amounts: number[] = [];
  last: number | undefined;

  add(amounts: readonly number[]) {
    for (const amount of amounts) this.raise(new Added(amount));
    return this.amounts.length;
  }

  @On(Added) protected added({ amount }: Added) {
    this.amounts.push(amount);
    this.last = amount > 5 ? undefined : amount;
  }
}

const codes = [OldTally, NewTally] as const;

type Step =
  | { readonly do: 'add'; readonly code: 0 | 1; readonly amounts: readonly number[] }
  | { readonly do: 'let time pass'; readonly ms: number }
  | { readonly do: 'restart'; readonly code: 0 | 1 }
  | { readonly do: 'break'; readonly code: 0 | 1; readonly how: keyof typeof breakages }
  | { readonly do: 'fail'; readonly calls: number };

/* What may have become of a snapshot. Each is saved as if it were right, so that only its content tells. */
const breakages = {
  'cut off': snapshot => ({ ...snapshot, state: `{"state":{"total":` }),
  'another number': snapshot => ({ ...snapshot, state: snapshot.state.replace(/\d+/, '4711') }),
  'another version': snapshot => ({ ...snapshot, version: snapshot.version + 1 }),
  'another history': snapshot => signed({ ...snapshot, eventId: '01890000-0000-7000-8000-000000000001' }),
  'beyond the end': snapshot =>
    signed({
      ...snapshot,
      version: snapshot.version + 1_000,
      eventId: '01890000-0000-7000-8000-000000000002',
    }),
  'another class': snapshot => signed({ ...snapshot, state: '{"state":{"balance":1}}' }),
  'no JSON': snapshot => signed({ ...snapshot, state: '"nothing"' }),
} satisfies Record<string, (snapshot: Snapshot) => Snapshot>;

function signed(snapshot: Snapshot): Snapshot {
  return { ...snapshot, checksum: checksumOf(snapshot) };
}

const code = fc.constantFrom<0 | 1>(0, 1);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      code,
      amounts: fc.array(fc.nat(9), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('let time pass' as const), ms: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restart' as const), code }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('break' as const),
      code,
      how: fc.constantFrom(...(Object.keys(breakages) as (keyof typeof breakages)[])),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('fail' as const), calls: fc.integer({ min: 1, max: 3 }) }),
  },
);

/** What a run has seen, to know that it tried what it is for. */
export interface Seen {
  found: number;
  removed: number;
}

/**
 * Takes random steps with two versions of the code on one store, and compares every state at every version and time
 * with a fold of the events up to there.
 *
 * `ANNALS_MODEL_SEED` repeats a run that failed.
 */
export async function compareWithFold(
  openStore: (options: { readonly clock: VirtualClock }) => Promise<Store>,
  numRuns: number,
): Promise<Seen> {
  const seen: Seen = { found: 0, removed: 0 };
  const seed = Number(process.env.ANNALS_MODEL_SEED ?? randomInt(2 ** 31));
  let count = 0;
  const property = fc.asyncProperty(fc.array(steps, { maxLength: 25, size: 'max' }), async taken => {
    const clock = new VirtualClock();
    await using store = await openStore({ clock });
    const run = new SnapshotRun(store, clock, `${seed.toString(36)}-${process.pid}-${++count}`, seen);
    await run.take(taken);
  });
  await fc.assert(property, { seed, numRuns, interruptAfterTimeLimit: 8_000, endOnFailure: false });
  return seen;
}

class SnapshotRun {
  readonly #store: Store;
  readonly #clock: VirtualClock;
  readonly #id: string;
  readonly #apps = new Map<0 | 1, App>();
  readonly #times: Date[] = [];
  #failing = 0;

  constructor(store: Store, clock: VirtualClock, id: string, seen: Seen) {
    this.#store = {
      ...store,
      snapshots: this.#watched(store, seen),
      [Symbol.asyncDispose]: async () => undefined,
    };
    [this.#clock, this.#id] = [clock, id];
  }

  async take(taken: readonly Step[]): Promise<void> {
    try {
      for (const step of taken) {
        await this.#take(step);
        this.#times.push(this.#clock.now());
        await this.#compare(taken.indexOf(step) === taken.length - 1);
      }
    } finally {
      for (const app of this.#apps.values()) await app.stop();
    }
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'add': {
        const tallies = (await this.#app(step.code)).repository(codes[step.code]);
        const add = (tally: OldTally | NewTally): number => tally.add(step.amounts);
        if ((await tallies.find(this.#id)) === undefined) await tallies.create(this.#id, add);
        else await tallies.update(this.#id, add);
        return;
      }
      case 'let time pass':
        this.#clock.advance(step.ms);
        return;
      case 'restart':
        await this.#apps.get(step.code)?.stop();
        this.#apps.delete(step.code);
        return;
      case 'break':
        return this.#break(step.code, breakages[step.how]);
      case 'fail':
        this.#failing = step.calls;
    }
  }

  async #break(which: 0 | 1, how: (snapshot: Snapshot) => Snapshot): Promise<void> {
    const stream = { aggregateType: 'tally', aggregateId: this.#id };
    const snapshot = await this.#store.snapshots.find(stream, which + 1).catch(() => undefined);
    if (snapshot === undefined) return;
    const broken = how(snapshot);
    // A table takes nothing but JSON.
    const isJson = broken.state.endsWith('}') || broken.state.endsWith('"');
    await this.#store.snapshots.save(isJson ? broken : { ...broken, state: '{}' }).catch(() => undefined);
  }

  async #compare(isLast: boolean): Promise<void> {
    for (const which of [0, 1] as const) {
      const { replay, reader } = await this.#app(which);
      const version = await this.#store.events.streamVersion({
        aggregateType: 'tally',
        aggregateId: this.#id,
      });
      const versions = Array.from({ length: version + 2 }, (_item, index) => index);
      const past: RebuildOptions[] = [
        ...versions.map(toVersion => ({ toVersion })),
        ...this.#times.map(asOf => ({ asOf })),
        ...this.#times.map((asOf, index) => ({ asOf, toVersion: index % (version + 1) })),
      ];
      await this.#compareOne(which, replay, reader, {});
      if (isLast) for (const options of past) await this.#compareOne(which, replay, reader, options);
    }
  }

  async #compareOne(
    which: 0 | 1,
    replay: EventReplay,
    reader: EventReader,
    options: RebuildOptions,
  ): Promise<void> {
    const fold = new EventReplay(this.#store.events, reader);
    const [found, folded] = [
      await replay.findAggregate(codes[which], this.#id, options),
      await fold.findAggregate(codes[which], this.#id, options),
    ];
    deepStrictEqual(found && fieldsOf(found), folded && fieldsOf(folded), JSON.stringify(options));
  }

  async #app(which: 0 | 1): Promise<App> {
    const known = this.#apps.get(which);
    if (known !== undefined) return known;
    const app = await createApp({
      ...{ store: sharedStore(this.#store), clock: this.#clock, logger: silentLogger },
      ...{ modules: [defineModule({ aggregates: [codes[which]] })], cachedAggregates: which },
    });
    this.#apps.set(which, app);
    return app;
  }

  #watched({ snapshots }: Store, seen: Seen): Store['snapshots'] {
    const failNow = (): void => {
      if (this.#failing-- > 0) throw new Error('The store of snapshots is away.');
    };
    return instead(snapshots, {
      find: async (...asked) => {
        failNow();
        const found = await snapshots.find(...asked);
        if (found !== undefined) seen.found++;
        return found;
      },
      save: async snapshot => {
        failNow();
        await snapshots.save(snapshot);
      },
      remove: async snapshot => {
        seen.removed++;
        await snapshots.remove(snapshot);
      },
    });
  }
}

function fieldsOf(aggregate: AggregateRoot): object {
  const { id, version, pendingEvents } = aggregate;
  return { place: { id, version, pendingEvents }, fields: Object.assign({}, aggregate) };
}
