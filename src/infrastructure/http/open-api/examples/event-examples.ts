import { answering, one, several } from './operation-examples.ts';
import type { OperationExamples } from './operation-examples.ts';

const aggregate = {
  aggregate_type: 'agent',
  aggregate_id: '550e8400-e29b-41d4-a716-446655440000',
} as const;
const correlationId = 'req-abc123';

/* Without an id or a key of its own, so that whoever tries it out twice gets two. */
const posted = {
  ...{ event_type: 'agent.created', ...aggregate },
  ...{ payload: { name: 'explore-agent' }, metadata: { source: 'web_ui' } },
} as const;
const postedNext = {
  ...{ event_type: 'agent.renamed', ...aggregate, payload: { name: 'search-agent' } },
  ...{ correlation_id: correlationId, expected_version: 'exists', idempotency_key: 'rename-17' },
} as const;

/** An event as it is answered. */
export const exampleEvent = {
  ...{ id: '01890a5d-ac96-774b-bcce-b302099a8057', event_number: 42, event_type: 'agent.created' },
  ...{ ...aggregate, stream_version: 1, version: 1, payload: posted.payload, data: posted.payload },
  ...{ metadata: posted.metadata, correlation_id: null, causation_id: null, user_id: 'ada' },
  ...{ created_by: 'user:ada', created_at: '2026-01-31T12:00:00.000Z' },
} as const;

const nextEvent = {
  ...{ ...exampleEvent, id: '01890a5e-0b1c-7d2e-8f3a-4b5c6d7e8f90', event_number: 43 },
  ...{
    event_type: 'agent.renamed',
    stream_version: 2,
    payload: postedNext.payload,
    data: postedNext.payload,
  },
  ...{ metadata: {}, correlation_id: correlationId, causation_id: exampleEvent.id },
  created_at: '2026-01-31T12:00:05.000Z',
} as const;

const stored = several({
  'an event': exampleEvent,
  'a batch': { events: [exampleEvent, nextEvent] },
});
const page = { events: [exampleEvent, nextEvent], next_cursor: null } as const;

/** Of the routes that store and find events. */
export const eventExamples: Readonly<Record<string, OperationExamples>> = {
  'POST /api/v1/events': {
    body: several({
      'an event': posted,
      'an event that is stored once, if its aggregate exists': postedNext,
      'a batch': { events: [posted, { ...posted, event_type: 'agent.updated' }] },
    }),
    answers: { 200: stored, 201: stored },
  },
  'GET /api/v1/events': answering(page),
  'GET /api/v1/events/types': answering({
    types: [
      { event_type: 'agent.created', count: 3 },
      { event_type: 'agent.renamed', count: 1 },
    ],
  }),
  'GET /api/v1/events/stats': answering({ total: 4, by_type: { 'agent.created': 3, 'agent.renamed': 1 } }),
  'GET /api/v1/events/:id': answering(exampleEvent),
  'GET /api/v1/events/:id/causation': answering({
    roots: [{ event: exampleEvent, children: [{ event: nextEvent, children: [] }] }],
    ...{ ancestors: [exampleEvent], is_complete: true },
  }),
  'GET /api/v1/events/aggregate/:type/:id/history': answering({ ...aggregate, ...page }),
  'GET /api/v1/events/aggregate/:type/:id/state': answering({
    ...{ ...aggregate, version: 2, state: { name: 'search-agent' } },
  }),
  'GET /api/v1/stream': {
    answers: { 200: one(`id: ${exampleEvent.event_number}\ndata: ${JSON.stringify(exampleEvent)}\n\n`) },
  },
};
