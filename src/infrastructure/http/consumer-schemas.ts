import { eventInPath } from './schemas.ts';

/* JSON Schema of what requests of consumers may hold. Where a rule is the store's own, the store says it. */

const consumer = {
  type: 'string',
  maxLength: 100,
  description: 'The name of a consumer; each gets every event. Default `default`.',
  examples: ['billing'],
} as const;
const leaseSeconds = { type: 'integer', minimum: 1, maximum: 86_400 } as const;
const typeNames = {
  type: ['array', 'null'],
  items: { type: 'string', maxLength: 200 },
  minItems: 1,
  maxItems: 1_000,
} as const;
const reason = {
  ...{ type: ['string', 'null'], maxLength: 1_000 },
  description: 'Why; it is recorded with who did it.',
} as const;

/** What may be asked of an event beside itself. */
export const processingParameters = {
  consumer: { ...consumer, description: 'Tells with each event what this consumer has made of it.' },
} as const;

/** What may be asked of a list of events. */
export const processedParameters = {
  ...processingParameters,
  processed: {
    type: 'boolean',
    description: 'Only what the consumer (default `default`) has, or has not, processed.',
  },
} as const;

/** Parameters of a pull. */
export const pullParameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    consumer: { ...consumer, default: 'default' },
    limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
    lease_seconds: {
      ...{ ...leaseSeconds, default: 60 },
      description: 'For how long nobody else gets the events.',
    },
    from: {
      enum: ['start', 'end'],
      default: 'start',
      description: 'Where a consumer begins that is named for the first time.',
    },
  },
} as const;

/** Parameters of an answer. */
export const answerParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { consumer: { ...consumer, default: 'default' } },
} as const;

/** What became of an event. */
export const answerBody = {
  type: 'object',
  additionalProperties: false,
  properties: {
    processed: { type: 'boolean', description: '`true`: it is done. `false`: it failed.' },
    processing_error: {
      ...{ type: ['string', 'null'], minLength: 1, maxLength: 10_000 },
      description: 'Why it failed.',
    },
    lease: {
      ...{ type: ['string', 'null'], maxLength: 100 },
      description: 'As it came with the event; a lease that was lost is refused.',
    },
    transaction_id: {
      ...{ type: ['string', 'null'], minLength: 1, maxLength: 255 },
      description: 'The transaction in which it was handled, as the consumer calls it.',
    },
    report: {
      ...{ type: ['object', 'null'] },
      description: 'What else to keep with the event, up to 64 KiB.',
    },
    retry_after_seconds: {
      ...{ type: ['integer', 'null'], minimum: 0, maximum: 86_400 },
      description: 'When to try again; default: a second, doubled each time, five minutes at most.',
    },
    lease_seconds: {
      ...{ ...leaseSeconds, type: ['integer', 'null'] },
      description: 'Instead of an outcome: the lease ends so much later than now.',
    },
  },
} as const;

/** A consumer in an address. */
export const consumerInPath = {
  type: 'object',
  required: ['name'],
  properties: { name: consumer },
} as const;

/** A parked event of a consumer in an address. */
export const parkedInPath = {
  type: 'object',
  required: ['name', 'id'],
  properties: { name: consumer, id: eventInPath.properties.id },
} as const;

/** What a consumer gets. */
export const consumerBody = {
  type: 'object',
  additionalProperties: false,
  properties: {
    from: { enum: ['start', 'end'], description: 'Where it begins if it is new; default `start`.' },
    event_types: { ...typeNames, description: 'Default: all.' },
    aggregate_types: { ...typeNames, description: 'Default: all.' },
    max_attempts: {
      ...{ type: 'integer', minimum: 1, maximum: 1_000 },
      description: 'How often an event is handed out before it is parked; default 5.',
    },
    reason,
  },
} as const;

/** Why an operator removes a consumer. */
export const removalParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { reason: { ...reason, type: 'string' } },
} as const;

/** Parameters of a list of parked events. */
export const parkedParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 } },
} as const;

/** Why an operator has an event tried again. */
export const retryBody = {
  type: 'object',
  additionalProperties: false,
  properties: { reason },
} as const;

/** Why an operator gives an event up. */
export const discardBody = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: { reason: { ...reason, type: 'string' } },
} as const;

/** What is to be forgotten. */
export const purgeBody = {
  type: 'object',
  additionalProperties: false,
  required: ['before'],
  properties: {
    before: {
      ...{ type: 'string', examples: ['2026-01-31T12:00:00Z', '2026-01-31'] },
      description: 'Events that were done before this time; ISO 8601 with a zone, or a day.',
    },
    reason,
  },
} as const;
