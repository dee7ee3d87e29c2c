import { appending } from './append.ts';
import { AnnalsLog } from './contenders/annals.ts';
import type { EventLog } from './contenders/event-log.ts';
import type { LogKind } from './contenders/event-logs.ts';
import type { Benchmark, Case, Settings } from './harness/benchmark.ts';
import { loadMetrics } from './harness/closed-loop.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';

/** What the one order for every reader costs the writers. */
export const orderCost: Benchmark = {
  name: 'order-cost',
  measures: 'appends as they are beside appends that announce no bound, so that readers would miss events',
  settings: { callers: 512, connections: 32, streams: 'new', warmUpMs: 500, durationMs: 3_000 },
  tiny: { callers: 8, connections: 2, warmUpMs: 0, durationMs: 30 },
  cases: settings => [groupCommit(settings), separateConnections(settings)],
};

function groupCommit(settings: Settings): Case {
  const callers = Number(settings.callers);
  return costCase(
    `group commit, ${callers} callers`,
    settings,
    callers,
    ({ url }) => AnnalsLog.onServer(url),
    0.95,
  );
}

function separateConnections(settings: Settings): Case {
  const connections = Number(settings.connections);
  const open = (database: ScratchDatabase): Promise<EventLog> => SeparateLogs.open(database.url, connections);
  return costCase(
    `${connections} separate connections, a transaction each`,
    settings,
    connections,
    open,
    0.9,
  );
}

function costCase(
  name: string,
  settings: Settings,
  callers: number,
  open: LogKind['open'],
  atLeast: number,
): Case {
  const load = { callers, warmUpMs: Number(settings.warmUpMs), durationMs: Number(settings.durationMs) };
  const asItIs: LogKind = { name: 'Annals', kind: 'annals', open };
  const unannounced: LogKind = {
    name: 'without the announcement',
    kind: 'bare',
    async open(database) {
      const log = await open(database);
      await removeAnnouncement(database);
      return log;
    },
  };
  return {
    name,
    metrics: loadMetrics,
    contenders: [asItIs, unannounced].map(kind => appending(kind, load, String(settings.streams))),
    goals: [{ metric: 'rate', against: unannounced.name, atLeast }],
  };
}

const announcement = /announced := pg_advisory_xact_lock_shared\([^;]*;/g;

/* What is measured is the very function of Annals, less one statement; a copy of it would fall behind. */
async function removeAnnouncement(database: ScratchDatabase): Promise<void> {
  const { rows } = await database.run(`
    select pg_get_functiondef(oid) as definition
    from pg_proc
    where pronamespace = 'annals'::regnamespace and prosrc like '%pg_advisory_xact_lock_shared%'`);
  const definitions = rows.map(row => String(row.definition));
  const places = definitions.flatMap(definition => definition.match(announcement) ?? []);
  if (places.length !== 1) {
    throw new Error(
      `The functions of Annals announce a bound in ${places.length} places, and this knows how to remove one. ` +
        'Look at how append_events announces now, and change removeAnnouncement in order-cost.ts.',
    );
  }
  for (const definition of definitions) await database.run(definition.replace(announcement, 'null;'));
}

/* As many stores as there are callers, so that no two of them share a call. */
class SeparateLogs implements EventLog {
  readonly #logs: readonly AnnalsLog[];

  private constructor(logs: readonly AnnalsLog[]) {
    this.#logs = logs;
  }

  static async open(url: string, count: number): Promise<SeparateLogs> {
    // The first makes the tables.
    const logs = [await AnnalsLog.onServer(url, [], 1)];
    while (logs.length < count) logs.push(await AnnalsLog.onServer(url, [], 1));
    return new SeparateLogs(logs);
  }

  append(...[streamId, version, events]: Parameters<EventLog['append']>): Promise<unknown> {
    const caller = Number.parseInt(streamId, 10);
    return this.#logs[caller % this.#logs.length]!.append(streamId, version, events);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#logs.map(log => log[Symbol.asyncDispose]()));
  }
}
