import type { ProjectionLag, StoreHealth } from '../application/ports/store-health.ts';
import type { Measurement, Telemetry } from '../application/ports/telemetry.ts';
import { observedInstruments } from '../application/telemetry/instruments.ts';
import { names } from './projection-telemetry.ts';
import type { Projections } from './projections.ts';

const { queueLength, callsInFlight, subscriptions, wakeUps, lagEvents, lagTime, parkedKeys, parkedEvents } =
  observedInstruments;

/**
 * Has lag, parked events and what the store is doing measured at each collection. Returns its end.
 *
 * One query a collection for all projections; while the database is away only what needs none is measured.
 */
export function observeStore(
  telemetry: Telemetry,
  health: StoreHealth,
  projections: Projections,
): () => void {
  const ends = [
    telemetry.observe([queueLength, callsInFlight, subscriptions, wakeUps], async () => activityOf(health)),
    telemetry.observe([lagEvents, lagTime, parkedKeys, parkedEvents], async () =>
      (await health.lags(projections.running())).flatMap(lag => measurementsOf(lag)),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function activityOf(health: StoreHealth): Measurement[] {
  const activity = health.activity();
  const woken = Object.entries(activity.wakeUps).map(([cause, value]) => {
    return { instrument: wakeUps, value, attributes: { 'annals.wake_up.cause': cause } };
  });
  return [
    { instrument: queueLength, value: activity.appendsWaiting },
    { instrument: callsInFlight, value: activity.callsInFlight },
    { instrument: subscriptions, value: activity.subscriptions },
    ...woken,
  ];
}

function measurementsOf(lag: ProjectionLag): Measurement[] {
  const attributes = names(lag);
  return [
    { instrument: lagEvents, value: lag.events, attributes },
    { instrument: lagTime, value: lag.lagMs / 1_000, attributes },
    { instrument: parkedKeys, value: lag.parked.keys, attributes },
    { instrument: parkedEvents, value: lag.parked.events, attributes },
  ];
}
