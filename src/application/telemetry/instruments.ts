import type { Instrument, ObservedInstrument } from '../ports/telemetry.ts';

// From a tenth of a millisecond, what an append takes in memory, to a minute, what a rebuild's batch may take.
const seconds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
const counts = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

/** What Annals measures as it happens; see docs/reference/telemetry.md. */
export const instruments = {
  appendDuration: {
    name: 'annals.append.duration',
    unit: 's',
    description: 'How long appends took, from the call to its outcome.',
    buckets: seconds,
  },
  appends: { name: 'annals.appends', unit: '{append}', description: 'Appends, by outcome.' },
  appendedEvents: {
    name: 'annals.append.events',
    unit: '{event}',
    description: 'Events that appends stored.',
  },
  conflicts: {
    name: 'annals.append.conflicts',
    unit: '{conflict}',
    description: 'Appends that were refused because the stream had moved on.',
  },
  callDuration: {
    name: 'annals.append.call.duration',
    unit: 's',
    description: 'How long the database took for calls that store appends together.',
    buckets: seconds,
  },
  callSize: {
    name: 'annals.append.call.size',
    unit: '{append}',
    description: 'Appends that shared a call.',
    buckets: counts,
  },
  commandDuration: {
    name: 'annals.command.duration',
    unit: 's',
    description: 'How long commands took, by outcome.',
    buckets: seconds,
  },
  batchDuration: {
    name: 'annals.projection.batch.duration',
    unit: 's',
    description: 'How long batches of projections took, with their commit.',
    buckets: seconds,
  },
  batchSize: {
    name: 'annals.projection.batch.size',
    unit: '{event}',
    description: 'Events in the batches of projections.',
    buckets: counts,
  },
  retries: {
    name: 'annals.projection.retries',
    unit: '{retry}',
    description: 'Batches of projections that failed and were to be tried again.',
  },
  leaseChanges: {
    name: 'annals.projection.lease.changes',
    unit: '{change}',
    description: 'Leases of projections that this process acquired, released or lost.',
  },
} as const satisfies Record<string, Instrument>;

/** What Annals looks up when somebody collects. */
export const observedInstruments = {
  queueLength: {
    name: 'annals.append.queue.length',
    unit: '{append}',
    description: 'Appends that wait to be sent.',
  },
  callsInFlight: {
    name: 'annals.append.calls.in_flight',
    unit: '{call}',
    description: 'Calls of appends that are sent and not answered.',
  },
  subscriptions: {
    name: 'annals.subscriptions.open',
    unit: '{subscription}',
    description: 'Readers of the feed and of streams that are open, projections included.',
  },
  wakeUps: {
    name: 'annals.wake_ups',
    unit: '{wake_up}',
    description: 'How often readers were woken, by cause.',
    isCounter: true,
  },
  lagEvents: {
    name: 'annals.projection.lag.events',
    unit: '{event}',
    description: 'Positions between the checkpoint of a projection and the last event.',
  },
  lagTime: {
    name: 'annals.projection.lag.time',
    unit: 's',
    description: 'How long the first event behind the checkpoint of a projection has been stored.',
  },
  parkedKeys: {
    name: 'annals.projection.parked.keys',
    unit: '{key}',
    description: 'Keys of a projection that wait for an operator.',
  },
  parkedEvents: {
    name: 'annals.projection.parked.events',
    unit: '{event}',
    description: 'Events of a projection that are parked.',
  },
} as const satisfies Record<string, ObservedInstrument>;
