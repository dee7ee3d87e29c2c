import { rebuild as rebuildOnce } from './contenders/catching-up.ts';
import type { DocumentPer } from './contenders/projectors.ts';
import { annalsDocuments } from './document-projector.ts';
import type { Benchmark, Case, Settings } from './harness/benchmark.ts';
import type { Catching } from './contenders/catching-up.ts';
import { eventMetrics } from './harness/timed-events.ts';

/** A read model that is built anew while the old one serves. */
export const rebuild: Benchmark = {
  name: 'rebuild',
  measures: 'seconds until a read model of documents is built anew from all events and has taken its place',
  settings: { events: 1_000_000 },
  tiny: { events: 2_000 },
  cases: settings => [
    rebuildCase('10 events a document, adjacent', 'account', settings),
    rebuildCase('one document an event', 'event', settings),
  ],
};

function rebuildCase(name: string, documentPer: DocumentPer, settings: Settings): Case {
  const events = Number(settings.events);
  return {
    name: `${name}: ${events.toLocaleString('en-US')} events`,
    metrics: [{ name: 'seconds', better: 'lower' }, ...eventMetrics],
    keepsData: true,
    contenders: [
      annalsDocuments('Annals', { events, documentPer, catching: withShards(1) }),
      annalsDocuments('Annals, 2 shards', { events, documentPer, catching: withShards(2) }),
    ],
    goals: documentPer === 'account' ? [{ metric: 'seconds', atMost: 6 }] : [],
  };
}

function withShards(shards: number): Catching {
  return async (database, events, projector) => {
    const sample = await rebuildOnce(database, events, projector, shards);
    return { seconds: events / sample['events/s']!, ...sample };
  };
}
