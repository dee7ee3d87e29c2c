import type { Recorded } from '../../../domain/index.ts';
import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type { ReadModelTransaction } from '../../../application/ports/read-model-store.ts';
import { DocumentProjection } from '../../../projections/document-projection.ts';
import type { Projection } from '../../../projections/projection.ts';
import { shardOf } from '../../../projections/shard-of.ts';
import { differences } from '../compare/differences.ts';
import type { Difference } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { count } from '../compare/show.ts';
import type { ProjectionWorld } from '../projections/projection-world.ts';
import { readRows } from '../projections/rows.ts';
import type { Rows } from '../projections/rows.ts';
import { otherDay, runInWeather } from '../scenario/weather.ts';
import type { Weather } from '../scenario/weather.ts';
import type { Breach, LawName } from './law.ts';

/** A way to come to the same rows. */
interface Way {
  readonly law: LawName;
  /** What was done otherwise, as the end of a sentence. */
  readonly how: string;
  readonly why: string;
  /** Undefined where there are no rows to compare. */
  rows(trial: Trial): Promise<Rows | undefined>;
}

// A story of a few events is tried at every place; in a longer one these are spread evenly.
const mostPlaces = 8;

const ownMemory =
  'The projector keeps something outside of its rows: a field of its instance, a variable of its module, a file. ' +
  'Keep everything that it needs to know in the document or table itself.';

/** Finds a way that leads to other rows than those that the projector made. */
export async function projectionBreach(world: ProjectionWorld, made: Rows): Promise<Breach | undefined> {
  const events = await world.events();
  const trial = new Trial(world, events);
  for (const way of waysFor(events)) {
    if (world.plan.withoutLaws.includes(way.law)) continue;
    const rows = await way.rows(trial);
    const changed = rows === undefined ? [] : differences(made, rows);
    if (changed.length > 0) return breachOf(way, world.plan.projectorClass.name, changed);
  }
  return undefined;
}

function breachOf({ law, how, why }: Way, projector: string, changed: readonly Difference[]): Breach {
  return {
    law,
    claim: `${projector} has other rows ${how}.`,
    details: listDifferences(changed, ['at first', 'then']),
    why,
  };
}

function waysFor(events: readonly Recorded[]): readonly Way[] {
  return [...placesIn(events).map(redelivery), restart, rebuild, inline, live, sharded(2), sharded(3)];
}

/* The batch was handled, but its transaction was lost before it was committed. */
function redelivery(place: number): Way {
  const what = place === 0 ? 'all events are' : `what comes after ${count(place, 'event')} is`;
  return {
    law: 'redelivery-changes-nothing',
    how: `when ${what} delivered twice`,
    why: `A batch whose transaction is lost is delivered again, after any cut connection. ${ownMemory}`,
    async rows(trial) {
      const projection = await trial.fresh();
      const [before, after] = [trial.events.slice(0, place), trial.events.slice(place)];
      return trial.run(projection, async write => {
        await write(before);
        await write(after, 'and lose it');
        await write(after);
      });
    },
  };
}

const restart: Way = {
  law: 'restart-changes-nothing',
  how: 'when every event is handled by a process that was just started',
  why: `Every deployment and every crash is such a start. ${ownMemory}`,
  async rows(trial) {
    const projections = new Map<Recorded, Projection>();
    for (const event of trial.events.slice(-mostPlaces)) projections.set(event, await trial.fresh());
    const first = await trial.fresh();
    return trial.run(first, async write => {
      for (const event of trial.events) await write([event], 'and keep it', projections.get(event) ?? first);
    });
  },
};

const today: Weather = { shiftMs: 0, random: real => real() };

const rebuild: Way = {
  law: 'rebuild-changes-nothing',
  how: 'when they are rebuilt on another day',
  why:
    'A rebuild, a new version or a restored backup handles all events again, later. Take times from the event ' +
    '(recordedAt or the payload) and ids from the event (eventId), not from the clock and not by chance.',
  async rows(trial) {
    return trial.run(await trial.fresh(), write => write(trial.events), otherDay);
  },
};

const inline: Way = {
  law: 'mode-changes-nothing',
  how: 'when every event is handled by itself, as in mode "inline"',
  why: `How many events come together depends on the load, and on the mode. ${ownMemory}`,
  async rows(trial) {
    return trial.run(await trial.fresh(), async write => {
      for (const event of trial.events) await write([event]);
    });
  },
};

const live: Way = {
  law: 'mode-changes-nothing',
  how: 'when they are folded on demand, as in mode "live" and by asOf()',
  why: `A document is made of its own events and of nothing else. ${ownMemory}`,
  async rows(trial) {
    const projection = await trial.fresh();
    if (!(projection instanceof DocumentProjection)) return undefined;
    const ids = new Set(trial.events.flatMap(event => projection.keysOf(event)));
    const documents: [string, unknown][] = [];
    for (const id of ids) {
      const folded = await projection.fold(id, asRead(trial.events));
      if (folded !== undefined) documents.push([id, folded.document]);
    }
    return Object.fromEntries(documents);
  },
};

async function* asRead(events: readonly Recorded[]): AsyncIterable<Recorded> {
  yield* events;
}

/* Each shard has an instance of its own and sees nothing of the others, which may be far behind. */
function sharded(shards: number): Way {
  return {
    law: 'shards-change-nothing',
    how: `when ${shards} shards share its keys`,
    why: `Shards run side by side, on several machines, and know nothing of each other. ${ownMemory}`,
    async rows(trial) {
      const projections: Projection[] = [];
      while (projections.length < shards) projections.push(await trial.fresh());
      const [first] = projections;
      // What the rows of tables have to do with each other is known to the projector alone.
      if (first === undefined || (first.tables !== 'documents' && first.shards === 1)) return undefined;
      return trial.run(first, async write => {
        for (const [shard, projection] of projections.entries()) {
          await write(trial.events, 'and keep it', projection, key => shardOf(key, shards) === shard);
        }
      });
    },
  };
}

function placesIn(events: readonly Recorded[]): readonly number[] {
  const step = Math.max(1, Math.ceil(events.length / mostPlaces));
  return events.map((_event, index) => index).filter(index => index % step === 0);
}

type Write = (
  events: readonly Recorded[],
  end?: 'and keep it' | 'and lose it',
  by?: Projection,
  isOwn?: (key: string) => boolean,
) => Promise<void>;

class LostOnPurpose extends Error {}

/** Handles the events of a story in other ways, each in a place of its own. */
class Trial {
  readonly events: readonly Recorded[];
  readonly #world: ProjectionWorld;
  #places = 0;

  constructor(world: ProjectionWorld, events: readonly Recorded[]) {
    this.#world = world;
    this.events = events;
  }

  fresh(): Promise<Projection> {
    return this.#world.freshProjection();
  }

  /** What `work` writes, into tables that are removed again. */
  async run(
    projection: Projection,
    work: (write: Write) => Promise<void>,
    weather: Weather = today,
  ): Promise<Rows> {
    const { readModels } = this.#world.store;
    // Nobody has the code of such a version, so nobody else feeds this build.
    const target: ProjectionId = { name: projection.name, version: 900_000 + ++this.#places, generation: 1 };
    const build = { ...target, status: 'kept', shards: 1, startAt: 0 } as const;
    await readModels.changeStates(({ states }) => states.add(build, projection.tables));
    try {
      await work(this.#writeTo(target, projection, weather));
      return await readRows(readModels, projection, target);
    } finally {
      await readModels.changeStates(({ states }) => states.remove(target));
    }
  }

  #writeTo(target: ProjectionId, usual: Projection, weather: Weather): Write {
    return async (events, end = 'and keep it', projection = usual, isOwn = () => true) => {
      const own = events.filter(event => projection.types.includes(event.type));
      const handle = (transaction: ReadModelTransaction): Promise<void> =>
        runInWeather(weather, () =>
          projection.project(own, transaction, target, (_event, key) => isOwn(key)),
        );
      await this.#world.store.readModels
        .transaction(async transaction => {
          await handle(transaction);
          if (end === 'and lose it') throw new LostOnPurpose();
        })
        .catch((error: unknown) => {
          if (!(error instanceof LostOnPurpose)) throw error;
        });
    };
  }
}
