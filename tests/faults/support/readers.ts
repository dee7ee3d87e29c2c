import { setTimeout as pause } from 'node:timers/promises';
import type { Recorded } from '../../../src/domain/index.ts';
import { formatStream } from '../../../src/domain/index.ts';
import type { EventStore, FeedPage } from '../../../src/application/ports/event-store.ts';
import type { Store } from '../../../src/application/ports/store.ts';
import { postgres } from '../../../src/infrastructure/postgres/index.ts';
import { testServices } from '../../support/stores.ts';
import type { ReadPlan, ReaderKind } from './messages.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import type { Reading, SeenEvent } from './verdict.ts';
import { aggregateTypes } from './writers.ts';

/** Where the feed ends, once the writers have stopped. */
export class End {
  position: number | undefined;
  #tell: () => void = () => undefined;
  readonly known = new Promise<void>(resolve => (this.#tell = resolve));

  tell(position: number): void {
    this.position = position;
    this.#tell();
  }
}

/** A store whose readers may wait for what comes. */
interface Subscribable {
  subscribe?(options: {
    readonly from: number;
    readonly types: readonly string[] | undefined;
    readonly batchSize: number;
    readonly signal: AbortSignal;
  }): { pages(): AsyncIterable<FeedPage> };
}

// As a reader polls that no wake-up reaches; short, so that it looks at many moments.
const pollMs = 2;

/** Reads with all readers of a plan until `end` is known and reached. */
export async function read(plan: ReadPlan, end: End, problems: string[]): Promise<Reading[]> {
  const random = randomFrom(plan.seed);
  const readers = plan.readers.map(({ name, kind }) => ({
    ...{ name, kind, startAfterMs: random.below(plan.startWithinMs + 1) },
    random: randomFrom(random.below(2 ** 31)),
  }));
  return Promise.all(
    readers.map(async ({ name, kind, startAfterMs, random: own }) => {
      await pause(startAfterMs);
      return new Reader(plan, own, end, problems).read(name, kind);
    }),
  );
}

class Reader {
  readonly #plan: ReadPlan;
  readonly #random: Random;
  readonly #end: End;
  readonly #problems: string[];
  readonly #events: SeenEvent[] = [];
  readonly #types: string[] | undefined;
  #store: Store | undefined;
  #cursor = 0;

  constructor(plan: ReadPlan, random: Random, end: End, problems: string[]) {
    this.#plan = plan;
    this.#random = random;
    this.#end = end;
    this.#problems = problems;
    this.#types = random.chance(0.3) ? [`${random.pick(aggregateTypes)}.changed`] : undefined;
  }

  async read(name: string, kind: ReaderKind): Promise<Reading> {
    const afterPosition = await this.#untilAnswered(events => this.#start(events));
    this.#cursor = afterPosition;
    while (this.#end.position === undefined || this.#cursor < this.#end.position) {
      const before = this.#cursor;
      await this.#untilAnswered(events => this.#readSome(events, kind));
      if (this.#cursor === before) await pause(pollMs);
      // A reader that is started again goes on from its checkpoint.
      if (this.#random.chance(0.02)) await this.#close();
    }
    await this.#close();
    return { name: `${name} (${kind})`, afterPosition, types: this.#types, events: this.#events };
  }

  /* The beginning, the end, or somewhere between. */
  async #start(events: EventStore): Promise<number> {
    const settled = await events.settledPosition();
    return this.#random.pick([0, settled, this.#random.below(settled + 1)]);
  }

  async #readSome(events: EventStore, kind: ReaderKind): Promise<void> {
    // Small pages meet the end of what is settled more often; large ones catch up.
    const [small, large] = kind === 'pages' ? [1, 2_000] : [20, 500];
    const batchSize = small + this.#random.below(this.#random.chance(0.2) ? 5 : large);
    const options = { types: this.#types, batchSize };
    if (kind === 'subscription') return this.#follow(events, options);
    if (kind === 'pages') {
      const page = await events.readFeedPage({ ...options, afterPosition: this.#cursor });
      for (const event of page.events) this.#see(event);
      this.#cursor = page.throughPosition;
      return;
    }
    const { position: end } = this.#end;
    for await (const event of events.readFeed({ ...options, afterPosition: this.#cursor })) {
      this.#see(event);
      this.#cursor = event.position;
    }
    // What comes last may be of other types, or dead; the feed that began after the end was known has seen all.
    if (end !== undefined) this.#cursor = Math.max(this.#cursor, end);
  }

  /* For a while, or to the end if it is known; whoever was told all before that is not told again. */
  async #follow(
    events: EventStore & Subscribable,
    options: { readonly types: readonly string[] | undefined; readonly batchSize: number },
  ): Promise<void> {
    const stop = new AbortController();
    void this.#end.known.then(() => {
      if (this.#cursor >= this.#end.position!) stop.abort();
    });
    const subscription = events.subscribe({ ...options, from: this.#cursor, signal: stop.signal });
    for await (const page of subscription.pages()) {
      for (const event of page.events) this.#see(event);
      this.#cursor = page.throughPosition;
      if (this.#cursor >= (this.#end.position ?? Infinity) || this.#random.chance(0.02)) return;
    }
  }

  #see(event: Recorded): void {
    const { position, eventId, version, type } = event;
    this.#events.push({ position, eventId, stream: formatStream(event), version, type });
  }

  /* A reader whose connection was terminated tries again from where it was. */
  async #untilAnswered<T>(call: (events: EventStore) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        this.#store ??= await this.#open();
        return await call(this.#store.events);
      } catch (error) {
        const { code } = error as { code?: string };
        if (code !== 'store-unavailable' && code !== '57014') {
          this.#problems.push(`a reader failed: ${String(error)}`);
          throw error;
        }
        await pause(pollMs);
      }
    }
  }

  #open(): Promise<Store> {
    const { url, schema } = this.#plan;
    return postgres(url, { schema, maxConnections: 2 }).open(testServices());
  }

  async #close(): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]();
    this.#store = undefined;
  }
}
