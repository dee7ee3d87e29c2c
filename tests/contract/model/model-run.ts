import { deepStrictEqual, equal, fail, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ExpectedVersion, Recorded, StreamId } from '../../../src/domain/index.ts';
import { AnnalsError } from '../../../src/domain/index.ts';
import type {
  AppendResult,
  EventStore,
  ReadFeedOptions,
  StreamAppend,
} from '../../../src/application/ports/event-store.ts';
import { isUuid } from '../../../src/application/events/event-id.ts';
import { collect, plain } from '../../../src/infrastructure/testing/contract/expectations.ts';
import type { VirtualClock } from '../../../src/infrastructure/testing/virtual-clock.ts';
import { badAppend } from './bad-appends.ts';
import { ModelStore } from './model-store.ts';
import { Names } from './names.ts';
import { repeatWith } from './repetitions.ts';
import type { SentAppend } from './repetitions.ts';
import type { AppendStep, ExpectStep, FilterStep, RepeatStep, Step, WriteStep } from './steps.ts';

type StepOf<K extends Step['do']> = Extract<Step, { do: K }>;

/** What a run works on. */
export interface RunSubject {
  readonly store: EventStore;
  readonly clock: VirtualClock;
  /** Where the feed was when the run began. */
  readonly startPosition: number;
  /** Tells its names from those of other runs. */
  readonly run: string;
}

/** Takes the same steps on a store and on the model, and compares every answer. */
export class ModelRun {
  readonly #subject: RunSubject;
  readonly #model = new ModelStore();
  readonly #names: Names;
  readonly #sent: SentAppend[] = [];
  #ids = 0;

  constructor(subject: RunSubject) {
    this.#subject = subject;
    this.#names = new Names(subject.run);
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(this.#appendOf(step));
      case 'repeat':
        return this.#repeat(step);
      case 'make a mistake':
        return this.#makeMistake(step);
      case 'let time pass':
        this.#subject.clock.advance(step.minutes * 60_000);
        return;
      case 'read stream':
        return this.#readStream(step);
      case 'read feed':
        return this.#readFeed(step);
      case 'query':
        return this.#query(step);
      case 'count':
        return this.#count(step.filter);
      case 'look up':
        return this.#lookUp(step);
    }
  }

  /** Compares everything that is stored. */
  async compareAll(): Promise<void> {
    const { store, startPosition } = this.#subject;
    deepStrictEqual(await collect(store.readFeed({ afterPosition: startPosition })), this.#model.events);
    for (const index of [0, 1, 2, 3]) {
      const stream = this.#names.stream(index);
      deepStrictEqual(await collect(store.readStream(stream)), this.#model.eventsOf(stream));
      equal(await store.streamVersion(stream), this.#model.version(stream));
    }
    for (const index of [0, 1, 2, 3, 4, 5]) await this.#compareCommand(index);
  }

  #appendOf({ writes, ids, commands }: AppendStep): SentAppend {
    const appends = writes.map(write => this.#writeOf(write, ids === 'own'));
    const records = commands.map(index => this.#command(index));
    const key = typeof ids === 'number' ? this.#names.of(`key-${ids}`) : undefined;
    return { appends, options: { commands: records, idempotencyKey: key } };
  }

  #writeOf({ stream, expect, events, claim, release }: WriteStep, hasIds: boolean): StreamAppend {
    const id = this.#names.stream(stream);
    const keys = (indexes: readonly number[]): string[] =>
      indexes.map(index => this.#names.of(`unique-${index}`));
    return {
      stream: id,
      expectedVersion: this.#expected(expect, id),
      events: events.map(event => this.#names.event(event, hasIds ? this.#nextId() : undefined)),
      uniqueKeys: events.length === 0 ? undefined : { claim: keys(claim), release: keys(release) },
    };
  }

  #expected(expect: ExpectStep, stream: StreamId): ExpectedVersion {
    return typeof expect === 'string' ? expect : Math.max(0, this.#model.version(stream) + expect);
  }

  /* The same in each execution of the same steps, so that a failure repeats. */
  #nextId(): string {
    const hex = createHash('sha256').update(`${this.#subject.run}:${this.#ids++}`).digest('hex');
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `7${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
    return [...parts, hex.slice(20, 32)].join('-');
  }

  #command(index: number): { commandId: string; fingerprint: string; result: unknown } {
    const results = [undefined, null, 0, 'text', [1], { nested: true }];
    return {
      commandId: this.#names.of(`command-${index}`),
      fingerprint: `f${index}`,
      result: results[index],
    };
  }

  async #append(sent: SentAppend): Promise<void> {
    const verdict = this.#model.judge(sent.appends, sent.options);
    const answer = await this.#send(sent);
    this.#sent.push(sent);
    if (verdict.outcome === 'refused') {
      if (answer.outcome !== 'refused') fail(`It had to be refused: ${JSON.stringify(verdict.oneOf)}`);
      const facts = factsOf(answer.error);
      const wanted =
        verdict.oneOf.find(one => JSON.stringify(one) === JSON.stringify(facts)) ?? verdict.oneOf[0];
      deepStrictEqual(facts, wanted);
    } else if (answer.outcome === 'refused') {
      throw answer.error;
    } else if (verdict.outcome === 'repeated') {
      deepStrictEqual(answer.results, verdict.results);
    } else {
      this.#checkStored(sent, verdict.versions, answer.results);
      this.#model.enter(sent.appends, sent.options, answer.results, this.#subject.clock.now());
    }
  }

  async #send({
    appends,
    options,
  }: SentAppend): Promise<
    { outcome: 'refused'; error: unknown } | { outcome: 'taken'; results: readonly AppendResult[] }
  > {
    const { store } = this.#subject;
    const [only] = appends;
    try {
      const results =
        appends.length === 1
          ? [await store.append(only!, options)]
          : await store.appendMany(appends, options);
      return { outcome: 'taken', results };
    } catch (error) {
      return { outcome: 'refused', error };
    }
  }

  #checkStored(sent: SentAppend, versions: readonly number[], results: readonly AppendResult[]): void {
    const written = this.#model.identify(sent.appends, sent.options);
    const expected = sent.appends.map(({ stream, events }, index) => {
      const { positions = [], eventIds = [] } = results[index] ?? {};
      equal(positions.length, events.length, 'one position for each event');
      const ids = written[index]!.map((event, place) => event.eventId ?? eventIds[place]);
      const lastPosition = positions.at(-1) ?? 0;
      return { stream, version: versions[index], lastPosition, positions, eventIds: ids, repeated: false };
    });
    deepStrictEqual(results, expected);
    let last = this.#model.events.at(-1)?.position ?? this.#subject.startPosition;
    for (const position of results.flatMap(result => result.positions)) {
      ok(position > last, `position ${position} does not grow beyond ${last}`);
      last = position;
    }
    for (const eventId of results.flatMap(result => result.eventIds)) {
      ok(isUuid(eventId) && this.#model.find(eventId) === undefined, `${eventId} is no new uuid`);
    }
  }

  async #repeat({ back, change }: RepeatStep): Promise<void> {
    const earlier = this.#sent.at(-1 - back);
    if (earlier !== undefined) await this.#append(repeatWith(change, earlier, this.#names.stream(3)));
  }

  async #makeMistake({ mistake, stream }: StepOf<'make a mistake'>): Promise<void> {
    const { code, ...sent } = badAppend(mistake, this.#names.stream(stream));
    const answer = await this.#send(sent);
    equal(answer.outcome === 'refused' ? factsOf(answer.error).code : 'it was taken', code);
  }

  async #readStream(step: StepOf<'read stream'>): Promise<void> {
    const { from, to, limit, sinceMinute, untilMinute, backwards } = step;
    const stream = this.#names.stream(step.stream);
    const { since, until } = this.#names.filter({ sinceMinute, untilMinute });
    const direction = backwards ? 'backwards' : 'forwards';
    const options = { fromVersion: from, toVersion: to, since, until, limit, direction } as const;
    const read = async (): Promise<Recorded[]> => collect(this.#subject.store.readStream(stream, options));
    if (since && until && since > until) return checkInvalid(read);
    const found = this.#model
      .matching({ ...stream, since, until, aggregateTypes: [stream.aggregateType] })
      .filter(({ version }) => version >= (from ?? 1) && version <= (to ?? Infinity));
    if (backwards) found.reverse();
    deepStrictEqual(await read(), found.slice(0, limit));
  }

  async #readFeed(step: StepOf<'read feed'>): Promise<void> {
    const { back, endsBack, batchSize } = step;
    const { events } = this.#model;
    const positionBack = (count: number): number | undefined => events.at(-1 - count)?.position;
    const { startPosition } = this.#subject;
    const afterPosition = back === undefined ? startPosition : (positionBack(back) ?? startPosition);
    const toPosition = endsBack === undefined ? undefined : positionBack(endsBack);
    const types = this.#names.types(step.types);
    const aggregateTypes = step.aggregateTypes?.map(index => this.#names.aggregateTypes[index]!);
    const options = { afterPosition, toPosition, types, aggregateTypes, batchSize };
    const expected = this.#model
      .matching({ types, aggregateTypes })
      .filter(({ position }) => position > afterPosition && position <= (toPosition ?? Infinity));
    const read = step.byPages ? this.#readPages(options) : collect(this.#subject.store.readFeed(options));
    deepStrictEqual(await read, expected);
  }

  /* A page ends where it says: what comes after it begins there. */
  async #readPages(options: ReadFeedOptions): Promise<Recorded[]> {
    const found: Recorded[] = [];
    for (let afterPosition = options.afterPosition ?? 0; ;) {
      const page = await this.#subject.store.readFeedPage({ ...options, afterPosition });
      ok(page.events.length <= options.batchSize!, 'a page is no longer than asked');
      ok(
        page.throughPosition >= (page.events.at(-1)?.position ?? afterPosition),
        'a page ends behind its events',
      );
      found.push(...page.events.map(plain));
      if (page.isLast) return found;
      ok(page.throughPosition > afterPosition, 'a page that is not the last goes on');
      afterPosition = page.throughPosition;
    }
  }

  async #query({ filter: step, newest, limit }: StepOf<'query'>): Promise<void> {
    const filter = this.#names.filter(step);
    const query = { ...filter, limit, order: newest ? 'newest' : 'oldest' } as const;
    if (isImpossible(filter)) return checkInvalid(() => this.#subject.store.query(query));
    const expected = this.#model.matching(filter);
    if (newest) expected.reverse();
    let cursor: string | undefined;
    do {
      const page = await this.#subject.store.query({ ...query, cursor });
      deepStrictEqual(page.events.map(plain), expected.splice(0, limit));
      equal(page.nextCursor !== undefined, expected.length > 0, 'there is a cursor as long as there is more');
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  async #count(step: FilterStep): Promise<void> {
    const filter = this.#names.filter(step);
    if (isImpossible(filter)) return checkInvalid(() => this.#subject.store.countByType(filter));
    const expected: Record<string, number> = {};
    for (const { type } of this.#model.matching(filter)) expected[type] = (expected[type] ?? 0) + 1;
    deepStrictEqual({ ...(await this.#subject.store.countByType(filter)) }, expected);
  }

  async #lookUp({ stream, back, command }: StepOf<'look up'>): Promise<void> {
    const { store } = this.#subject;
    const id = this.#names.stream(stream);
    equal(await store.streamVersion(id), this.#model.version(id));
    const event = this.#model.events.at(-1 - back);
    const found = await store.get(event?.eventId.toUpperCase() ?? this.#nextId());
    deepStrictEqual(found && plain(found), event);
    await this.#compareCommand(command);
  }

  async #compareCommand(index: number): Promise<void> {
    const { commandId } = this.#command(index);
    deepStrictEqual(await this.#subject.store.findCommand(commandId), this.#model.commands.get(commandId));
  }
}

function isImpossible({
  since,
  until,
}: {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}): boolean {
  return since !== undefined && until !== undefined && since > until;
}

async function checkInvalid(work: () => Promise<unknown>): Promise<void> {
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  equal(factsOf(error).code, 'invalid-query');
}

function factsOf(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof AnnalsError)) throw error;
  const { code, ...facts } = Object.fromEntries(
    Object.entries(error).filter(([field]) => field !== 'name' && field !== 'cause'),
  );
  return { code, ...facts };
}
