import { UnableToUpcast } from '../../../application/index.ts';
import type { Upcaster } from '../../../application/index.ts';
import { shapeName } from '../../../application/schema/upcaster.ts';
import type { App } from '../../di/app.ts';
import { createApp } from '../../di/create-app.ts';
import { defineModule } from '../../di/module.ts';
import type { AnnalsModule } from '../../di/module.ts';
import { ModuleCatalog } from '../../di/module-catalog.ts';
import { memory } from '../../memory/memory-store.ts';
import { silentLogger } from '../../system/console-logger.ts';
import { differences } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { paint } from '../compare/paint.ts';
import { count, showFields } from '../compare/show.ts';
import type { LawName } from '../laws/law.ts';
import { describeBreach } from '../laws/law.ts';
import { upcasterBreach } from '../laws/upcaster-laws.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import { asRecorded, storedEvent } from './stored-event.ts';
import { usesOn } from './upcaster-use.ts';

/** A stored event, and what it must be read as; plain JSON, as in a file. */
export interface CorpusEntry {
  readonly stored: { readonly type: string; readonly version: number; readonly payload: object };
  /** Usually one event; several of a split, none where nothing is left of it. */
  readonly reads: readonly { readonly type: string; readonly payload: object }[];
}

/** How a corpus is checked. */
export interface CorpusOptions {
  /** Laws that are not to be checked; default: all are. */
  readonly withoutLaws?: readonly LawName[];
}

/**
 * Checks that events which were stored long ago are still read as what they must be, by the events and upcasters of these
 * modules; and that no upcaster is without an event, and none breaks a law.
 *
 *     test('reads what is stored', () => checkCorpus([bankModule], JSON.parse(readFileSync('corpus.json', 'utf8'))));
 *
 * Return or await it. Payloads are compared as they would be stored today.
 *
 * @throws {ScenarioFailed} lists every event that is read otherwise, with what it is read as
 * @throws {InvalidModules} the modules do not fit
 */
export async function checkCorpus(
  modules: readonly AnnalsModule[],
  corpus: readonly CorpusEntry[],
  { withoutLaws = [] }: CorpusOptions = {},
): Promise<void> {
  const upcasters = [...new Set(modules.flatMap(module => module.upcasters ?? []))];
  const known = defineModule({ events: [...new ModuleCatalog(modules).events], upcasters });
  const app = await createApp({ store: memory(), modules: [known], logger: silentLogger });
  try {
    await check(app, known, corpus, withoutLaws);
  } finally {
    await app.stop();
  }
}

async function check(
  app: App,
  known: AnnalsModule,
  corpus: readonly CorpusEntry[],
  withoutLaws: readonly LawName[],
): Promise<void> {
  if (corpus.length === 0) throw new ScenarioFailed('There is no event in the corpus.');
  const { upcasters } = new ModuleCatalog([known]);
  const events = corpus.map(({ stored }) => recorded(stored));
  const reading = { upcasters, reader: app.reader, serializer: app.serializer };
  const breach = await upcasterBreach(reading, events, withoutLaws);
  if (breach !== undefined) throw new ScenarioFailed(describeBreach(breach));
  const wrong = corpus.flatMap((entry, index) => differenceOf(app, entry, index));
  if (wrong.length > 0) {
    const are = wrong.length === 1 ? 'is' : 'are';
    const claim = `${count(wrong.length, 'stored event')} of ${corpus.length} ${are} read otherwise.`;
    throw new ScenarioFailed([paint(claim, 'loud'), ...wrong.flat()].join('\n'));
  }
  const used = new Set(events.flatMap(event => [...usesOn(upcasters, event)].map(use => use.upcaster)));
  refuseUnused((known.upcasters ?? []).filter(upcaster => !used.has(upcaster)));
}

function refuseUnused(unused: readonly Upcaster[]): void {
  if (unused.length === 0) return;
  const names = unused.map(upcaster => `    ${shapeName(upcaster)}`);
  const claim = 'No event of the corpus goes through these upcasters:';
  const advice = '  Add an event of each as it is stored, so that nobody breaks them unseen.';
  throw new ScenarioFailed([paint(claim, 'loud'), '', ...names, '', advice].join('\n'));
}

function recorded({ type, version, payload }: CorpusEntry['stored']): ReturnType<typeof asRecorded> {
  return asRecorded(storedEvent(type, version, payload));
}

function differenceOf(app: App, { stored, reads }: CorpusEntry, index: number): string[][] {
  const title = ['', `  [${index}] ${shapeName(stored)} ${showFields(stored.payload)}`];
  try {
    const actual = app.reader.read(recorded(stored)).map(({ type, payload }) => ({
      type,
      payload: JSON.parse(JSON.stringify(plainOf(app, payload))) as object,
    }));
    const changed = differences(reads, actual, 'reads');
    if (changed.length === 0) return [];
    const today = `    today it reads ${JSON.stringify(actual)}`;
    return [[...title, ...listDifferences(changed), paint(today, 'quiet')]];
  } catch (error) {
    if (!(error instanceof UnableToUpcast)) throw error;
    return [[...title, `    ${error.name}: ${error.message}`]];
  }
}

/* As it would be stored; of a type that no class is known for, it is plain already. */
function plainOf({ serializer }: App, payload: object): object {
  const isPlain = Object.getPrototypeOf(payload) === Object.prototype;
  return isPlain ? payload : serializer.serialize(payload).payload;
}
