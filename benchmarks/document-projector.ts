import {
  annalsCatchingUp,
  bestPulling,
  emmettCatchingUp,
  eventsPerStream,
  rebuild,
  startNew,
} from './contenders/catching-up.ts';
import type { Catching, Pulling } from './contenders/catching-up.ts';
import { statementsInPongo } from './contenders/pongo.ts';
import { statementProjector } from './contenders/projectors.ts';
import type { DocumentPer } from './contenders/projectors.ts';
import type { Benchmark, Case, Contender, Goal, Settings } from './harness/benchmark.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { eventMetrics } from './harness/timed-events.ts';

/** A read model of documents that begins at the first event. */
export const documentProjector: Benchmark = {
  name: 'document-projector',
  measures: 'a projector of documents, from the first event to the last with documents and checkpoint stored',
  settings: { events: 200_000, peerEvents: 3_000 },
  tiny: { events: 2_000 },
  cases: settings => [
    documentCase('10 events a document, adjacent', 'account', settings, [
      { metric: 'events/s', atLeast: 250_000 },
      { metric: 'events/s', against: 'Emmett + Pongo', atLeast: 250 },
    ]),
    documentCase('one document an event', 'event', settings, [
      { metric: 'events/s', atLeast: 100_000 },
      { metric: 'events/s', against: 'Emmett + Pongo', atLeast: 80 },
    ]),
  ],
};

function documentCase(
  name: string,
  documentPer: DocumentPer,
  settings: Settings,
  goals: readonly Goal[],
): Case {
  const [events, peerEvents] = [Number(settings.events), Number(settings.peerEvents)];
  return {
    name: `${name}: ${events.toLocaleString('en-US')} events; ${peerEvents.toLocaleString('en-US')} for peers`,
    metrics: eventMetrics,
    keepsData: true,
    contenders: [
      annalsDocuments('Annals', { events, documentPer, catching: startNew }),
      annalsDocuments('Annals, rebuild', { events, documentPer, catching: rebuild }),
      pongo('Emmett + Pongo', peerEvents, documentPer, {}),
      pongo('Emmett + Pongo, at its best', peerEvents, documentPer, bestPulling),
    ],
    goals,
  };
}

/** Annals filling a read model of documents. */
export function annalsDocuments(
  name: string,
  { events, documentPer, catching }: { events: number; documentPer: DocumentPer; catching: Catching },
): Contender {
  return annalsCatchingUp(name, {
    ...{ events, catching },
    projectorOf: number => statementProjector(`statements_${number}`, { documentPer }),
    check: (database, number) =>
      requireDocuments(database, `annals.statements_${number}_v1_documents`, expected(events, documentPer)),
  });
}

function pongo(name: string, events: number, documentPer: DocumentPer, pulling: Pulling): Contender {
  return emmettCatchingUp(name, {
    ...{ events, pulling },
    process: async (consumer, number, isLast) => {
      const projection = await statementsInPongo(`statements_${number}`, documentPer);
      consumer.projector({ projection, processorId: `statements-${number}`, stopAfter: () => isLast() });
    },
    check: (database, number) =>
      requireDocuments(database, `statements_${number}`, expected(events, documentPer)),
  });
}

function expected(events: number, documentPer: DocumentPer): number {
  return documentPer === 'event' ? events : events / eventsPerStream;
}

/* Whoever is fast because documents are missing is not fast. */
async function requireDocuments(database: ScratchDatabase, table: string, count: number): Promise<void> {
  const { rows } = await database.run(`select count(*)::integer as documents from ${table}`);
  if (rows[0]!.documents === count) return;
  throw new Error(`${table} has ${String(rows[0]!.documents)} documents, not ${count}.`);
}
