import fc from 'fast-check';

/** An event in a step; numbers stand for names that are the run's own. */
export interface EventStep {
  readonly type: number;
  readonly amount: number;
  readonly schemaVersion?: number | undefined;
  readonly correlation?: number | undefined;
  readonly causation?: number | undefined;
  readonly user?: number | undefined;
  readonly actor?: 'system' | 'user' | 'agent' | undefined;
  readonly metadata?: number | undefined;
}

/** The version that a write expects: a word, or how far it is beside the actual one. */
export type ExpectStep = 'any' | 'exists' | 'none' | number;

export interface WriteStep {
  readonly stream: number;
  readonly expect: ExpectStep;
  readonly events: readonly EventStep[];
  readonly claim: readonly number[];
  readonly release: readonly number[];
}

export interface AppendStep {
  readonly do: 'append';
  readonly writes: readonly WriteStep[];
  /** Own event ids, none, or an idempotency key. */
  readonly ids: 'own' | 'none' | number;
  readonly commands: readonly number[];
}

/** How a repetition differs from what it repeats. */
export const changes = [
  ...['nothing', 'nothing', 'nothing', 'without last', 'one more', 'one before', 'payload', 'type'],
  ...['schema version', 'order', 'stream', 'expected version', 'twice the first id', 'metadata'],
] as const;

export interface RepeatStep {
  readonly do: 'repeat';
  /** Counted back from the latest. */
  readonly back: number;
  readonly change: string;
}

export const mistakes = [
  ...['version -1', 'version 1.5', 'no uuid', 'NaN', 'bigint', 'type without dot', 'blank id', 'NUL'],
  ...['keys without events', 'command twice', 'schema version 0', 'slash in type'],
] as const;

export interface FilterStep {
  readonly types?: readonly number[] | undefined;
  readonly aggregateTypes?: readonly number[] | undefined;
  readonly stream?: number | undefined;
  readonly correlation?: number | undefined;
  readonly causation?: number | undefined;
  readonly user?: number | undefined;
  readonly actor?: 'system' | 'user' | 'agent' | undefined;
  readonly sinceMinute?: number | undefined;
  readonly untilMinute?: number | undefined;
}

export type Step =
  | AppendStep
  | RepeatStep
  | { readonly do: 'make a mistake'; readonly mistake: (typeof mistakes)[number]; readonly stream: number }
  | { readonly do: 'let time pass'; readonly minutes: number }
  | {
      readonly do: 'read stream';
      readonly stream: number;
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      readonly limit?: number | undefined;
      readonly sinceMinute?: number | undefined;
      readonly untilMinute?: number | undefined;
      readonly backwards: boolean;
    }
  | {
      readonly do: 'read feed';
      /** How many events back the read starts; undefined: at the run's beginning. */
      readonly back?: number | undefined;
      readonly endsBack?: number | undefined;
      readonly types?: readonly number[] | undefined;
      readonly aggregateTypes?: readonly number[] | undefined;
      readonly batchSize: number;
      readonly byPages: boolean;
    }
  | { readonly do: 'query'; readonly filter: FilterStep; readonly newest: boolean; readonly limit: number }
  | { readonly do: 'count'; readonly filter: FilterStep }
  | { readonly do: 'look up'; readonly stream: number; readonly back: number; readonly command: number };

const streams = fc.nat({ max: 3 });
const few = fc.nat({ max: 2 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 });
/* One in five, so that a filter of many fields still fits something. */
const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const sparse = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc
    .record(model)
    .map(
      record => Object.fromEntries(Object.entries(record as object).filter(([, v]) => v !== undefined)) as T,
    );

const actors = fc.constantFrom('system', 'user', 'agent');
const minutes = fc.integer({ min: -10, max: 40 });
const typeLists = fc.uniqueArray(few, { maxLength: 3 });
const bothTypes = fc.uniqueArray(fc.nat({ max: 1 }), { maxLength: 2 });

const events = sparse<EventStep>({
  type: few,
  amount: fc.nat({ max: 9 }),
  schemaVersion: seldom(fc.constantFrom(1, 2)),
  correlation: maybe(few),
  causation: maybe(few),
  user: maybe(few),
  actor: maybe(actors),
  metadata: seldom(few),
});

const keyLists = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.uniqueArray(fc.nat({ max: 1 }), { maxLength: 2 }) },
);

const writes = fc.record<WriteStep>({
  stream: streams,
  expect: fc.oneof(
    { weight: 3, arbitrary: fc.constant('any' as const) },
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom('none', 'exists') },
    { weight: 2, arbitrary: fc.constantFrom(1, -1, 5) },
  ),
  events: fc.array(events, { maxLength: 4 }),
  claim: keyLists,
  release: keyLists,
});

const appends = fc.record<AppendStep>({
  do: fc.constant('append'),
  writes: fc.oneof(
    { weight: 3, arbitrary: fc.array(writes, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(writes, { maxLength: 4 }) },
  ),
  ids: fc.oneof(
    { weight: 3, arbitrary: fc.constant('own' as const) },
    { weight: 1, arbitrary: fc.constant('none' as const) },
    { weight: 1, arbitrary: few },
  ),
  commands: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 2 }) },
  ),
});

const filters = sparse<FilterStep>({
  types: seldom(typeLists),
  aggregateTypes: seldom(bothTypes),
  stream: seldom(streams),
  correlation: seldom(few),
  causation: seldom(few),
  user: seldom(few),
  actor: seldom(actors),
  sinceMinute: seldom(minutes),
  untilMinute: seldom(minutes),
});

const reads = fc.oneof(
  sparse<Extract<Step, { do: 'read stream' }>>({
    do: fc.constant('read stream'),
    stream: streams,
    from: seldom(fc.nat({ max: 8 })),
    to: seldom(fc.nat({ max: 8 })),
    limit: seldom(fc.integer({ min: 1, max: 5 })),
    sinceMinute: seldom(minutes),
    untilMinute: seldom(minutes),
    backwards: fc.boolean(),
  }),
  sparse<Extract<Step, { do: 'read feed' }>>({
    do: fc.constant('read feed'),
    back: maybe(fc.nat({ max: 10 })),
    endsBack: seldom(fc.nat({ max: 5 })),
    types: seldom(typeLists),
    aggregateTypes: seldom(bothTypes),
    batchSize: fc.integer({ min: 1, max: 6 }),
    byPages: fc.boolean(),
  }),
  fc.record<Extract<Step, { do: 'query' }>>({
    do: fc.constant('query'),
    filter: filters,
    newest: fc.boolean(),
    limit: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record<Extract<Step, { do: 'count' }>>({ do: fc.constant('count'), filter: filters }),
  fc.record<Extract<Step, { do: 'look up' }>>({
    do: fc.constant('look up'),
    stream: streams,
    back: fc.nat({ max: 10 }),
    command: fc.nat({ max: 5 }),
  }),
);

/** One thing that a client of an event store may do. */
export const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: appends },
  {
    weight: 4,
    arbitrary: fc.record<RepeatStep>({
      do: fc.constant('repeat'),
      back: fc.nat({ max: 6 }),
      change: fc.constantFrom(...changes),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record<Extract<Step, { do: 'make a mistake' }>>({
      do: fc.constant('make a mistake'),
      mistake: fc.constantFrom(...mistakes),
      stream: streams,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record<Extract<Step, { do: 'let time pass' }>>({
      do: fc.constant('let time pass'),
      minutes: fc.integer({ min: -8, max: 12 }),
    }),
  },
  { weight: 8, arbitrary: reads },
);
