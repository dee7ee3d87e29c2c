import { consumerAnswers, eventForConsumer, operations } from './consumer-answers.ts';
import { listOf, objectOf, ref } from './shared-schemas.ts';

/** What routes answer, by status. */
export type Answers = Readonly<Record<string, object>>;

const text = { type: 'string' } as const;
const whole = { type: 'integer' } as const;
const cursor = { type: ['string', 'null'], description: 'Of the next page; null on the last.' } as const;
const etag = { etag: { type: 'string', description: 'The version of the stream, for `If-Match`.' } } as const;
const counts = { type: 'object', additionalProperties: whole } as const;

function ok(description: string, schema: object): Answers {
  return { 200: { ...schema, description } };
}

function textOk(description: string, type: string): Answers {
  return { 200: { description, content: { [type]: { schema: text } } } };
}

const stored = { anyOf: [ref('Event'), objectOf({ events: listOf('Event') })], headers: etag };
const done = objectOf({ projection: text });

function doneWith(properties: Readonly<Record<string, object>>): object {
  return objectOf({ projection: text, ...properties });
}

const health = {
  200: { ...ref('Health'), description: 'It is.' },
  503: { ...ref('Health'), description: 'It is not.' },
};

/* Routes answer with what is checked where it is made; this only describes it. */
const answers: Readonly<Record<string, Answers>> = {
  'POST /api/v1/events': {
    200: { ...stored, description: 'They were stored before, under the same key or ids.' },
    201: { ...stored, description: 'The event, or the events of a batch, as they are stored.' },
  },
  ...consumerAnswers,
  'GET /api/v1/events': ok(
    'A page.',
    objectOf({ events: { type: 'array', items: eventForConsumer }, next_cursor: cursor }),
  ),
  'GET /api/v1/events/types': ok(
    'By name.',
    objectOf({ types: { type: 'array', items: objectOf({ event_type: text, count: whole }) } }),
  ),
  'GET /api/v1/events/stats': ok('How many.', objectOf({ total: whole, by_type: counts })),
  'GET /api/v1/events/:id': ok('The event.', eventForConsumer),
  'GET /api/v1/events/:id/causation': ok(
    'Its roots with all that they caused, and the way up from the event.',
    objectOf({
      ...{ roots: listOf('CausationNode'), ancestors: listOf('Event') },
      is_complete: { type: 'boolean' },
    }),
  ),
  'GET /api/v1/events/aggregate/:type/:id/history': ok('A page.', {
    ...objectOf({ aggregate_type: text, aggregate_id: text, events: listOf('Event'), next_cursor: cursor }),
    headers: etag,
  }),
  'GET /api/v1/events/aggregate/:type/:id/state': ok('Its state.', {
    ...objectOf({ aggregate_type: text, aggregate_id: text, version: whole, state: {} }),
    headers: etag,
  }),
  'GET /api/v1/stream': textOk(
    'Events as server-sent events, each with its `event_number` as id.',
    'text/event-stream',
  ),
  'GET /api/v1/ws': { 101: { description: 'Events as JSON texts, one a message.', type: 'null' } },
  'GET /health/live': health,
  'GET /health/ready': health,
  'GET /api/v1/status': ok('How it is doing.', objectOf({ status: text, features: { type: 'object' } })),
  'GET /metrics': textOk('Measurements in the text format of Prometheus.', 'text/plain'),
  'GET /api/v1/projections': ok('Every build of each.', objectOf({ projections: listOf('Projection') })),
  'GET /api/v1/projections/:name': ok('Its builds.', objectOf({ name: text, builds: listOf('Projection') })),
  'GET /api/v1/projections/:name/history': operations,
  'GET /api/v1/operations': operations,
  'GET /api/v1/projections/:name/parked': ok('By position.', objectOf({ parked: listOf('ParkedKey') })),
  'POST /api/v1/projections/:name/rebuild': {
    202: { ...doneWith({ generation: whole }), description: 'It has begun.' },
  },
  'POST /api/v1/projections/:name/compare': ok('How they compare.', {
    ...doneWith({
      is_same: { type: 'boolean' },
      tables: { type: 'object', additionalProperties: ref('TableComparison') },
    }),
  }),
  'POST /api/v1/projections/:name/swap': ok(
    'It serves now.',
    doneWith({ comparison: { anyOf: [ref('Comparison'), { type: 'null' }] } }),
  ),
  'POST /api/v1/projections/:name/parked/retry': ok(
    'What became of them.',
    doneWith({ handled: whole, failed_keys: { type: 'array', items: text } }),
  ),
  'POST /api/v1/projections/:name/parked/discard': ok('They are given up.', doneWith({ discarded: whole })),
};

/** What a route answers; undefined if only the route itself says so. */
export function answersOf(method: string, url: string): Answers | undefined {
  const found = answers[`${method} ${url}`];
  return found ?? (url.startsWith('/api/v1/projections/') ? ok('It is done.', done) : undefined);
}
