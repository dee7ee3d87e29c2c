/* JSON Schema of what operators send. */

const reason = {
  ...{ type: 'string', minLength: 1, maxLength: 1_000 },
  description: 'Why; it is recorded with who did it.',
} as const;
const build = {
  enum: ['building', 'live', 'kept'],
  description: 'Which build; default: the one that answers here.',
} as const;
const position = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
const shards = { type: 'integer', minimum: 1, maximum: 64 } as const;
const key = { type: 'string', minLength: 1, maxLength: 10_000 } as const;
const allowsParked = {
  type: 'boolean',
  description: 'Swaps although keys are parked that are not parked in the live build.',
} as const;

type Properties = Readonly<Record<string, object>>;

function bodyOf(properties: Properties, required: readonly string[] = []): object {
  return { type: 'object', additionalProperties: false, required, properties };
}

/** What may come with each thing that an operator can do. */
export const operationBodies = {
  plain: bodyOf({ reason }),
  ofBuild: bodyOf({ reason, build }),
  rebuild: bodyOf({
    ...{ reason, shards, allows_parked: allowsParked },
    swaps_by_itself: {
      type: 'boolean',
      description: 'Takes the live one’s place when it has caught up; default true.',
    },
    max_events_per_second: {
      type: 'integer',
      minimum: 1,
      description: 'Of each shard; default: as many as it can.',
    },
  }),
  swap: bodyOf({
    ...{ reason, allows_parked: allowsParked },
    compare: {
      anyOf: [{ type: 'integer', minimum: 1 }, { enum: ['all', 'none'] }],
      description: 'Rows to compare first; default 1,000.',
    },
  }),
  compare: bodyOf({
    sample: {
      anyOf: [{ type: 'integer', minimum: 1 }, { enum: ['all'] }],
      description: 'Rows of each table; default 1,000.',
    },
  }),
  drop: bodyOf({ reason }, ['reason']),
  retry: bodyOf({ reason, build, key: { ...key, description: 'Default: all keys.' } }),
  discard: bodyOf({ reason, build, key }, ['key', 'reason']),
  skip: bodyOf({ reason, build, position }, ['position', 'reason']),
  reset: bodyOf(
    {
      ...{ reason, build, position },
      fires_again: {
        type: 'boolean',
        description: 'Reacts once more to what a reaction has seen; default false.',
      },
    },
    ['position', 'reason'],
  ),
  reshard: bodyOf({ reason, build, shards }, ['shards']),
} as const;

/** A body of any of these. */
export interface OperationBody {
  readonly reason?: string;
  readonly build?: 'building' | 'live' | 'kept';
  readonly shards?: number;
  readonly allows_parked?: boolean;
  readonly swaps_by_itself?: boolean;
  readonly max_events_per_second?: number;
  readonly compare?: number | 'all' | 'none';
  readonly sample?: number | 'all';
  readonly key?: string;
  readonly position?: number;
  readonly fires_again?: boolean;
}

/** A projection in an address. */
export const projectionInPath = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', maxLength: 100, examples: ['catalog'] } },
} as const;

const limit = { type: 'integer', minimum: 1, maximum: 10_000, default: 100 } as const;

/** Parameters of a history. */
export const historyLimit = { type: 'object', additionalProperties: false, properties: { limit } } as const;

/** Parameters of what is parked. */
export const buildParameter = { type: 'object', additionalProperties: false, properties: { build } } as const;
