import { listOf, objectOf, ref } from './shared-schemas.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const whole = { type: 'integer' } as const;
const names = { type: ['array', 'null'], items: text } as const;
const statuses = ['waiting', 'leased', 'retrying', 'parked', 'processed', 'discarded'] as const;

const summaryFields = {
  consumer: text,
  processed: { type: ['boolean', 'null'], description: 'Null: the consumer does not get it.' },
  processed_at: textOrNull,
  processing_status: { enum: [...statuses, null] },
} as const;
const summary = objectOf(summaryFields);
const details = {
  ...{ processing_attempts: whole, processing_error: textOrNull, transaction_id: textOrNull },
  report: { type: ['object', 'null'], additionalProperties: true },
  ...{ decided_by: textOrNull, reason: textOrNull },
} as const;
const delivery = { allOf: [ref('Event'), summary, objectOf(details)] };
const pulled = { allOf: [delivery, objectOf({ lease: text, leased_until: text })] };
const consumer = objectOf({
  ...{ name: text, event_types: names, aggregate_types: names, max_attempts: whole },
  ...{ start_position: whole, read_position: whole, checkpoint: whole },
  open: objectOf({ waiting: whole, leased: whole, retrying: whole, parked: whole }),
  ...{ is_full: { type: 'boolean' }, created_at: text },
});

function ok(description: string, schema: object): Readonly<Record<string, object>> {
  return { 200: { ...schema, description } };
}

/** What operators did. */
export const operations = ok('The latest first.', objectOf({ operations: listOf('Operation') }));

/** An event, with what a consumer has made of it if one is named; the rest of that for those who see all. */
export const eventForConsumer = {
  allOf: [ref('Event'), { type: 'object', properties: { ...summaryFields, ...details } }],
};

/** What the routes of consumers answer, by status. */
export const consumerAnswers = {
  'GET /api/v1/events/unprocessed': ok(
    'They are leased.',
    objectOf({ consumer: text, events: { type: 'array', items: pulled } }),
  ),
  'PUT /api/v1/events/:id/processing': ok('The event, with what became of it.', delivery),
  'GET /api/v1/consumers': ok('By name.', objectOf({ consumers: { type: 'array', items: consumer } })),
  'GET /api/v1/consumers/:name': ok('The consumer.', consumer),
  'PUT /api/v1/consumers/:name': ok('The consumer, as it was made.', consumer),
  'DELETE /api/v1/consumers/:name': { 204: { description: 'It is gone.', type: 'null' } },
  'GET /api/v1/consumers/:name/history': operations,
  'GET /api/v1/consumers/:name/parked': ok(
    'The oldest first.',
    objectOf({ events: { type: 'array', items: delivery } }),
  ),
  'POST /api/v1/consumers/:name/parked/:id/retry': ok('The event.', delivery),
  'POST /api/v1/consumers/:name/parked/:id/discard': ok('The event.', delivery),
  'POST /api/v1/consumers/:name/purge': ok('How many were forgotten.', objectOf({ purged: whole })),
} as const;
