import { exampleEvent } from './examples/event-examples.ts';

/* What several answers consist of, by names that generated clients have, too. */

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const whole = { type: 'integer' } as const;
const anyJson = { description: 'Any JSON.' } as const;

/** An object all of whose properties are there. */
export function objectOf(properties: Readonly<Record<string, object>>): Readonly<Record<string, unknown>> {
  return { type: 'object', required: Object.keys(properties), properties };
}

/** A reference to one of these schemas. */
export function ref(name: string): { readonly $ref: string } {
  return { $ref: `${name}#` };
}

/** A list of one of these schemas. */
export function listOf(name: string): object {
  return { type: 'array', items: ref(name) };
}

const event = {
  ...objectOf({
    id: { ...text, format: 'uuid' },
    event_number: { ...whole, description: 'Its place among all events; grows, may skip.' },
    ...{ event_type: text, aggregate_type: text, aggregate_id: text },
    stream_version: { ...whole, description: 'Its place among those of its aggregate: 1, 2, 3, …' },
    version: { ...whole, description: 'Of the payload’s shape.' },
    payload: anyJson,
    data: { description: 'The payload once more.' },
    metadata: { type: 'object', additionalProperties: true },
    ...{ correlation_id: textOrNull, causation_id: textOrNull, user_id: textOrNull },
    created_by: { ...text, description: '`user:{id}`, `agent:{name}` or `system`.' },
    created_at: time,
  }),
  examples: [exampleEvent],
};

const issue = objectOf({ path: text, message: text });

const problem = {
  ...objectOf({ type: text, title: text, status: whole, detail: text, code: text }),
  description: 'What went wrong (RFC 9457). `code` is stable.',
  additionalProperties: true,
  examples: [
    {
      ...{ type: 'urn:annals:problem:not-found', title: 'There is no such thing', status: 404 },
      ...{ detail: 'There is no event 880e8400-e29b-41d4-a716-446655440003.', code: 'not-found' },
    },
  ],
};

const condition = { enum: ['running', 'retrying', 'stopped'] } as const;

const lag = {
  anyOf: [objectOf({ events: whole, ms: { type: 'number' }, growth: { type: 'integer' } }), { type: 'null' }],
  description:
    'Positions and milliseconds behind the log. It grows by `growth` a second; below 0 it shrinks.',
};

const shard = objectOf({
  ...{ lag, shard: whole, position: whole, owner: textOrNull, condition, error: textOrNull },
  ...{ events_per_second: { type: 'number' }, moved_at: time },
});

const projection = objectOf({
  ...{ name: text, version: whole, generation: whole, status: { enum: ['building', 'live', 'kept'] } },
  ...{ written_by: { enum: ['runners', 'appends'] }, is_paused: { type: 'boolean' }, condition },
  ...{ last_error: textOrNull, swaps_by_itself: { type: 'boolean' }, held_because: textOrNull },
  position: { type: ['integer', 'null'] },
  lag,
  ...{ events_per_second: { type: 'number' }, seconds_left: { type: ['integer', 'null'] } },
  ...{ parked: objectOf({ keys: whole, events: whole }), shards: listOf('Shard') },
});

const parkedKey = objectOf({
  ...{
    shard: whole,
    key: text,
    position: whole,
    error: text,
    attempts: whole,
    count: whole,
    parked_at: time,
  },
});

const operation = objectOf({
  action: text,
  name: { type: 'string', description: 'A projection, or `consumer:` and a consumer.' },
  version: { type: 'integer', description: 'Of the projection; 0 for a consumer.' },
  ...{ actor: text, reason: text },
  ...{ details: { type: ['object', 'null'], additionalProperties: true }, at: time },
});

const table = objectOf({
  ...{ live_rows: whole, built_rows: whole, compared: whole, different: whole },
  examples: { type: 'array', items: text },
});

const comparison = objectOf({
  is_same: { type: 'boolean' },
  tables: { type: 'object', additionalProperties: ref('TableComparison') },
});

const status = { enum: ['ok', 'degraded', 'failing'] } as const;

const health = objectOf({
  status,
  checks: { type: 'array', items: objectOf({ name: text, status }) },
});

const causationNode = objectOf({ event: ref('Event'), children: listOf('CausationNode') });

/** All of them, by name. */
export const sharedSchemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ...{ Event: event, Issue: issue, Problem: problem, Shard: shard, Projection: projection },
  ...{ ParkedKey: parkedKey, Operation: operation, TableComparison: table, Comparison: comparison },
  ...{ Health: health, CausationNode: causationNode },
};
