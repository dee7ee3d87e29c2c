import { annals, castore, emmett, messageDb } from './contenders/event-logs.ts';
import type { LogKind } from './contenders/event-logs.ts';
import type { Benchmark, Case, Contender, Metric, Sample, Settings } from './harness/benchmark.ts';
import { fill } from './harness/fill.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';

const metrics: readonly Metric[] = [
  { name: 'bytes', better: 'lower' },
  { name: 'tables', better: 'lower' },
  { name: 'indexes', better: 'lower' },
];
const eventsPerStream = 3;

/** What an event takes on disk. */
export const disk: Benchmark = {
  name: 'disk',
  measures:
    'bytes on disk an event in streams of 3, in tables and in indexes; 302 + 57 of them are the event',
  settings: { events: 12_000 },
  tiny: { events: 300 },
  cases: settings => [diskCase(settings)],
};

function diskCase(settings: Settings): Case {
  const events = Number(settings.events);
  return {
    name: `${events.toLocaleString('en-US')} events`,
    metrics,
    keepsData: true,
    contenders: [annals, emmett, castore, messageDb].map(kind => filled(kind, events)),
  };
}

function filled(kind: LogKind, events: number): Contender {
  return {
    ...kind,
    async open(database) {
      const log = await kind.open(database);
      await fill(log, { streams: events / eventsPerStream, eventsPerStream });
      await database.run('vacuum analyze');
      return {
        measure: () => bytesPerEvent(database, events),
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
      };
    },
  };
}

// Relations that have less than this for each event do not grow with the number of events.
const leastBytes = 2;

// A table's size has with it what is kept beside its rows: long values, free space, visibility.
const relations = `
  select
    c.relname as name, c.relkind = 'i' as is_index,
    (case c.relkind when 'i' then pg_relation_size(c.oid) else pg_table_size(c.oid) end)::double precision as bytes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'i') and n.nspname !~ '^(pg_|information_schema)'
  order by bytes desc`;

async function bytesPerEvent(database: ScratchDatabase, events: number): Promise<Sample> {
  const { rows } = await database.run(relations);
  const found = rows.map(row => ({
    name: `${row.is_index === true ? 'index' : 'table'} ${String(row.name)}`,
    isIndex: row.is_index === true,
    bytes: Number(row.bytes) / events,
  }));
  const sum = (isIndex: boolean): number =>
    found.filter(relation => relation.isIndex === isIndex).reduce((total, { bytes }) => total + bytes, 0);
  return {
    bytes: sum(false) + sum(true),
    tables: sum(false),
    indexes: sum(true),
    ...Object.fromEntries(
      found.filter(({ bytes }) => bytes >= leastBytes).map(({ name, bytes }) => [name, bytes]),
    ),
  };
}
