import { exampleOfConsumer } from './consumer-examples.ts';
import { answering, one } from './operation-examples.ts';
import type { OperationExamples } from './operation-examples.ts';

const at = '2026-01-31T12:00:10.000Z';
const reason = 'Prices were rounded.';
const projection = 'catalog';
const health = { status: 'ok', checks: [{ name: 'database', status: 'ok' }] } as const;

const lag = { events: 0, ms: 0, growth: 0 } as const;

const build = {
  ...{ name: projection, version: 1, generation: 1, status: 'live', written_by: 'runners', is_paused: false },
  ...{ condition: 'running', last_error: null, swaps_by_itself: false, held_because: null, position: 57 },
  ...{ lag, events_per_second: 120.5, seconds_left: 0 },
  parked: { keys: 1, events: 2 },
  shards: [
    {
      ...{ shard: 0, position: 57, owner: 'node-1', condition: 'running', error: null },
      ...{ lag, events_per_second: 120.5, moved_at: at },
    },
  ],
} as const;

const pause = {
  ...{ action: 'pause', name: projection, version: 1, actor: 'user:olga', reason },
  ...{ details: { build: 'live' }, at },
} as const;

const comparison = {
  is_same: false,
  tables: {
    documents: { live_rows: 10, built_rows: 10, compared: 10, different: 1, examples: ['sku-7'] },
  },
} as const;

function verb(
  name: string,
  body: object,
  answer: object = {},
  status = 200,
): Record<string, OperationExamples> {
  const answers = { [status]: one({ projection, ...answer }) };
  return { [`POST /api/v1/projections/:name/${name}`]: { body: one(body), answers } };
}

/** Of the routes by which operators watch and run the app. */
export const projectionExamples: Readonly<Record<string, OperationExamples>> = {
  'GET /api/v1/projections': answering({ projections: [build] }),
  'GET /api/v1/projections/:name': answering({ name: projection, builds: [build] }),
  'GET /api/v1/projections/:name/history': answering({ operations: [pause] }),
  'GET /api/v1/operations': answering({ operations: [exampleOfConsumer, pause] }),
  'GET /api/v1/projections/:name/parked': answering({
    parked: [
      {
        ...{ shard: 0, key: 'sku-7', position: 42, error: 'The price is no number.' },
        ...{ attempts: 3, count: 2, parked_at: at },
      },
    ],
  }),

  ...verb('pause', { reason }),
  ...verb('resume', { reason }),
  ...verb('rebuild', { reason, swaps_by_itself: false, shards: 2 }, { generation: 2 }, 202),
  ...verb('cancel-rebuild', { reason }),
  ...verb('compare', { sample: 'all' }, comparison),
  ...verb('swap', { reason, compare: 1_000 }, { comparison }),
  ...verb('roll-back', { reason }),
  ...verb('drop', { reason }),
  ...verb('parked/retry', { reason, key: 'sku-7' }, { handled: 2, failed_keys: [] }),
  ...verb('parked/discard', { reason, key: 'sku-7' }, { discarded: 2 }),
  ...verb('skip', { reason, position: 42 }),
  ...verb('reset', { reason, position: 0 }),
  ...verb('reshard', { reason, shards: 4 }),
  'GET /health/live': {
    answers: { 200: one({ status: 'ok', checks: [] }), 503: one({ status: 'failing', checks: [] }) },
  },
  'GET /health/ready': {
    answers: {
      200: one(health),
      503: one({ status: 'failing', checks: [{ name: 'database', status: 'failing' }] }),
    },
  },
  'GET /api/v1/status': answering({
    status: 'ok',
    features: { auth: 'active', database: 'active', events: 'active' },
  }),
  'GET /metrics': answering(
    '# HELP annals_append_events_total Events that were stored.\n' +
      '# TYPE annals_append_events_total counter\nannals_append_events_total 42\n',
  ),
};
