/* JSON Schema of what requests may hold. Where a rule is the store's own (printable text, depth), the store says it. */

const agentId = '550e8400-e29b-41d4-a716-446655440000';
const eventId = '01890a5d-ac96-774b-bcce-b302099a8057';
const optionalText = { type: ['string', 'null'], maxLength: 255 } as const;
const time = {
  type: 'string',
  description: 'ISO 8601 with a zone, or a day.',
  examples: ['2026-01-31T12:00:00Z', '2026-01-31'],
} as const;
const createdBy = {
  type: ['string', 'null'],
  pattern: '^(system|(user|agent):.{1,245})$',
  description: '`user:{id}`, `agent:{name}` or `system`; default: the user of the token.',
  examples: ['user:ada', 'agent:category_agent', 'system'],
} as const;
const json = { type: 'object', description: 'Any JSON object, up to 1 MiB and 100 levels.' } as const;

/** An expected version: a number (0: new), `none`, `exists` or `any`. */
export const expectedVersion = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
    { enum: ['none', 'exists', 'any'] },
    { type: 'null' },
  ],
  description: 'The version of the stream before this; 0 or `none`: new. Default `any`.',
} as const;

/** An event that is posted. */
export const postedEvent = {
  type: 'object',
  additionalProperties: false,
  required: ['event_type', 'aggregate_type', 'aggregate_id'],
  properties: {
    event_id: { ...optionalText, description: 'Uuid; default: a new one. Repeat it to repeat safely.' },
    event_type: { type: 'string', maxLength: 200, examples: ['agent.created'] },
    aggregate_type: { type: 'string', maxLength: 100, examples: ['agent'] },
    aggregate_id: { type: 'string', maxLength: 1_024, examples: [agentId] },
    payload: json,
    data: { ...json, description: 'Another name of `payload`; give one of them.' },
    metadata: {
      type: ['object', 'null'],
      description: '`correlation_id` and `causation_id` may stand here.',
    },
    version: { type: 'integer', minimum: 1, maximum: 32_767, description: 'Of the payload’s shape.' },
    correlation_id: optionalText,
    causation_id: optionalText,
    user_id: optionalText,
    created_by: createdBy,
    idempotency_key: optionalText,
    expected_version: expectedVersion,
  },
} as const;

/** Several events that are posted together, all or none. */
export const postedBatch = {
  type: 'object',
  additionalProperties: false,
  required: ['events'],
  properties: {
    events: { type: 'array', minItems: 1, maxItems: 10_000, items: postedEvent },
    idempotency_key: optionalText,
  },
} as const;

const eventFilters = {
  aggregate_type: { type: 'string', examples: ['agent'] },
  aggregate_id: { type: 'string', examples: [agentId] },
  event_type: { type: 'string', examples: ['agent.created'] },
  correlation_id: { type: 'string', examples: ['req-abc123'] },
  causation_id: { type: 'string', examples: [eventId] },
  user_id: { type: 'string', examples: ['ada'] },
  created_by: { ...createdBy, type: 'string' },
  actor: { ...createdBy, type: 'string', description: 'Another name of `created_by`.' },
  since: { ...time, description: 'Recorded at or after this time.' },
  until: { ...time, description: 'Recorded at or before this time.' },
} as const;

const paging = {
  limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 100 },
  offset: { type: 'integer', minimum: 0, maximum: 9_999, default: 0 },
  order: { enum: ['oldest', 'newest'], default: 'oldest' },
  cursor: { type: 'string', maxLength: 100, description: '`next_cursor` of the page before.' },
} as const;

/** Parameters of a list of events. */
export const listParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { ...eventFilters, ...paging },
} as const;

/** Parameters of the history of one aggregate. */
export const historyParameters = {
  type: 'object',
  additionalProperties: false,
  properties: { since: eventFilters.since, until: eventFilters.until, ...paging },
} as const;

/** Parameters of counts. */
export const countParameters = {
  type: 'object',
  additionalProperties: false,
  properties: eventFilters,
} as const;

/** Parameters of a live stream. */
export const streamParameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    aggregate_type: eventFilters.aggregate_type,
    aggregate_id: eventFilters.aggregate_id,
    event_type: eventFilters.event_type,
    correlation_id: eventFilters.correlation_id,
    user_id: eventFilters.user_id,
    created_by: { type: 'string', examples: createdBy.examples },
    from: {
      ...{ type: 'string', maxLength: 15, default: 'end', examples: ['start', '42'] },
      description: '`start`, `end`, or the `event_number` after which to begin; `Last-Event-ID` comes first.',
    },
  },
} as const;

/** Parameters of a past state. */
export const stateParameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    version: {
      type: 'integer',
      minimum: 1,
      maximum: 2_147_483_647,
      description: 'As it was at this version.',
      examples: [3],
    },
    at: { ...time, description: 'As it was at this time.' },
  },
} as const;

/** No parameters. */
export const noParameters = { type: 'object', additionalProperties: false, properties: {} } as const;

/** An aggregate in an address. */
export const aggregateInPath = {
  type: 'object',
  required: ['type', 'id'],
  properties: { type: { type: 'string', examples: ['agent'] }, id: { type: 'string', examples: [agentId] } },
} as const;

/** An event id in an address. */
export const eventInPath = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', examples: [eventId] } },
} as const;
