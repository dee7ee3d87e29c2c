import { exampleEvent } from './event-examples.ts';
import { answering, one, several } from './operation-examples.ts';
import type { OperationExamples } from './operation-examples.ts';

const lease = 'b5a2c9de-3f6b-4a77-9f52-0d6c1f0a8e11';
const at = '2026-01-31T12:00:10.000Z';

const leased = {
  ...{ ...exampleEvent, consumer: 'billing', processed: false, processed_at: null },
  ...{ processing_status: 'leased', processing_attempts: 1, processing_error: null },
  ...{ transaction_id: null, report: null, decided_by: null, reason: null },
} as const;
const processed = {
  ...{ ...leased, processed: true, processed_at: at, processing_status: 'processed' },
  ...{ transaction_id: 'tx-1042', report: { rows: 3 } },
} as const;
const retrying = {
  ...{ ...leased, processing_status: 'retrying', processing_error: 'The ledger is locked.' },
} as const;
const parked = { ...retrying, processing_status: 'parked', processing_attempts: 5 } as const;
const retryReason = 'The ledger is unlocked again.';
const discardReason = 'It was booked by hand.';
const decidedBy = 'user:olga';

const consumer = {
  ...{ name: 'billing', event_types: ['agent.created'], aggregate_types: null, max_attempts: 5 },
  ...{ start_position: 0, read_position: 57, checkpoint: 41 },
  ...{ open: { waiting: 2, leased: 1, retrying: 0, parked: 0 }, is_full: false, created_at: at },
} as const;

/** What an operator did to a consumer. */
export const exampleOfConsumer = {
  ...{ action: 'purge', name: 'consumer:billing', version: 0, actor: decidedBy, reason: 'Kept for a month.' },
  ...{ details: { before: '2026-01-31T12:00:00.000Z', purged: 12 }, at },
} as const;

/** Of the routes of consumers. */
export const consumerExamples: Readonly<Record<string, OperationExamples>> = {
  'GET /api/v1/events/unprocessed': answering({
    consumer: 'billing',
    events: [{ ...leased, lease, leased_until: '2026-01-31T12:01:00.000Z' }],
  }),
  'PUT /api/v1/events/:id/processing': {
    body: several({
      'it is done': { processed: true, lease, transaction_id: 'tx-1042', report: { rows: 3 } },
      'it failed': {
        ...{ processed: false, processing_error: 'The ledger is locked.', lease, retry_after_seconds: 30 },
      },
      'it takes longer': { lease, lease_seconds: 120 },
    }),
    answers: {
      200: several({ 'it is done': processed, 'it failed': retrying, 'it takes longer': leased }),
    },
  },
  'GET /api/v1/consumers': answering({ consumers: [consumer] }),
  'GET /api/v1/consumers/:name': answering(consumer),
  'PUT /api/v1/consumers/:name': {
    body: one({
      from: 'start',
      event_types: ['agent.created'],
      max_attempts: 5,
      reason: 'Billing moves in.',
    }),
    answers: { 200: one(consumer) },
  },
  'DELETE /api/v1/consumers/:name': { answers: {} },
  'GET /api/v1/consumers/:name/history': answering({ operations: [exampleOfConsumer] }),
  'GET /api/v1/consumers/:name/parked': answering({ events: [parked] }),
  'POST /api/v1/consumers/:name/parked/:id/retry': {
    body: one({ reason: retryReason }),
    answers: {
      200: one({
        ...{ ...parked, processing_status: 'waiting', processing_attempts: 0 },
        ...{ decided_by: decidedBy, reason: retryReason },
      }),
    },
  },
  'POST /api/v1/consumers/:name/parked/:id/discard': {
    body: one({ reason: discardReason }),
    answers: {
      200: one({
        ...{ ...parked, processed: true, processed_at: at, processing_status: 'discarded' },
        ...{ decided_by: decidedBy, reason: discardReason },
      }),
    },
  },
  'POST /api/v1/consumers/:name/purge': {
    body: one({ before: '2026-01-31T12:00:00Z', reason: 'Kept for a month.' }),
    answers: { 200: one({ purged: 12 }) },
  },
};
