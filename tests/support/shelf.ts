import { Aggregate, AggregateRoot, Event, On, everyEvents } from 'annals';
import type { Decider, EventStore, Logger, Snapshot, SnapshotStore, Store } from 'annals';
import { createApp, defineModule } from 'annals/di';
import type { App, AppOptions } from 'annals/di';
import { VirtualClock } from 'annals/testing';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import { instead } from './intercepted-store.ts';
import { memoryStores } from './stores.ts';

/* Aggregates with snapshots, and one without. */

@Event('book.noted')
export class Noted {
  constructor(readonly text: string) {}
}

@Event('book.closed')
export class BooksClosed {}

@Event('book.torn')
export class Torn {}

@Aggregate('book', { snapshots: { version: 1, when: everyEvents(3) } })
export class Book extends AggregateRoot {
  lines: string[] = [];
  isClosed = false;

  note(...texts: string[]) {
    for (const text of texts) this.raise(new Noted(text));
  }

  close() {
    this.raise(new BooksClosed());
  }

  tear() {
    this.raise(new Torn());
  }

  @On(Noted) protected noted({ text }: Noted) {
    this.lines.push(text);
  }

  @On(BooksClosed) protected closed() {
    this.isClosed = true;
  }

  @On(Torn) protected torn() {
    this.lines.push('half');
    throw new Error('torn');
  }
}

@Aggregate('leaflet')
export class Leaflet extends AggregateRoot {
  lines: string[] = [];
  note(text: string) {
    this.raise(new Noted(text));
  }
  @On(Noted) protected noted({ text }: Noted) {
    this.lines.push(text);
  }
}

export const counter: Decider<number, Noted, { readonly count: number }> = {
  ...{ aggregateType: 'counter', events: [Noted], snapshots: { version: 4, when: everyEvents(2) } },
  initialState: () => ({ count: 0 }),
  decide: by => Array.from({ length: by }, (_item, index) => new Noted(`${index}`)),
  evolve: ({ count }) => ({ count: count + 1 }),
};

export const stream = { aggregateType: 'book', aggregateId: 'b-1' };
/** What apps of a test do otherwise. */
interface Instead {
  readonly snapshots?: Partial<SnapshotStore>;
  readonly events?: Partial<EventStore>;
  readonly aggregates?: AppOptions['modules'][number]['aggregates'];
  /** Default 0: every load reads. */
  readonly cachedAggregates?: number;
}

/** Apps over one store, which tell what they read and what they warn of. */
export class Shelf {
  readonly clock = new VirtualClock('2026-03-01T12:00:00Z');
  readonly warnings: [string, Record<string, unknown>][] = [];
  readonly logger: Logger = {
    info: () => undefined,
    warn: (message, facts = {}) => void this.warnings.push([message, { ...facts }]),
    error: (message, facts = {}) => void this.warnings.push([message, { ...facts }]),
  };
  /** What was asked of the store, without the events of it that are written. */
  readonly asked: string[] = [];
  readonly #apps: App[] = [];
  #store: Store | undefined;

  static async open(): Promise<Shelf> {
    const shelf = new Shelf();
    shelf.#store = await memoryStores().open({ clock: shelf.clock });
    return shelf;
  }

  get store(): Store {
    return this.#store!;
  }

  async start(given: Instead = {}): Promise<App> {
    const { store, asked, clock, logger } = this;
    const events = instead(store.events, {
      readStream: (of, options) => {
        asked.push(`read ${of.aggregateType} from ${options?.fromVersion ?? 1}`);
        return store.events.readStream(of, options);
      },
      ...given.events,
    });
    const snapshots = instead(store.snapshots, {
      find: (...args) => {
        asked.push(`find ${args[0].aggregateType} ${args[1]} at most ${args[2]}`);
        return store.snapshots.find(...args);
      },
      ...given.snapshots,
    });
    const app = await createApp({
      ...{ store: sharedStore({ ...store, snapshots }, events), clock, logger },
      modules: [defineModule({ aggregates: given.aggregates ?? [Book, Leaflet, counter] })],
      cachedAggregates: given.cachedAggregates ?? 0,
    });
    this.#apps.push(app);
    return app;
  }

  /** Notes in the book, in an app of its own that is stopped then. */
  async write(...texts: string[]): Promise<void> {
    const app = await this.start();
    const exists = (await this.store.events.streamVersion(stream)) > 0;
    const books = app.repository(Book);
    if (exists) await books.update('b-1', book => book.note(...texts));
    else await books.create('b-1', book => book.note(...texts));
    await app.stop();
    this.asked.length = 0;
  }

  /** The snapshot of the book. */
  kept(): Promise<Snapshot | undefined> {
    return this.store.snapshots.find(stream, 1);
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.map(app => app.stop()));
  }
}
