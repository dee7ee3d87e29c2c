import type { Telemetry } from '../../application/ports/telemetry.ts';
import { errorType } from '../../application/telemetry/error-type.ts';
import { instruments } from '../../application/telemetry/instruments.ts';
import { maxLinks } from '../../application/telemetry/trace-metadata.ts';
import type { SendUnits } from './append-queue.ts';

/** Traces and counts the calls that `send` makes: each is a trace of its own and links to the appends that share it. */
export function observedCalls(telemetry: Telemetry): (send: SendUnits) => SendUnits {
  const duration = telemetry.histogram(instruments.callDuration);
  const size = telemetry.histogram(instruments.callSize);
  return send => async units => {
    const attributes = {
      'db.system.name': 'postgresql',
      'db.operation.name': 'append_events',
      // By the conventions it is left out where there is only one.
      'db.operation.batch.size': units.length > 1 ? units.length : undefined,
    };
    const traces = units.slice(0, maxLinks).map(({ trace }) => trace);
    const links = traces.filter(trace => trace !== undefined);
    const startedAtMs = performance.now();
    const outcome: Record<string, string> = {};
    try {
      const options = { kind: 'client', parent: 'none', attributes, links } as const;
      return await telemetry.trace('append_events', options, () => send(units));
    } catch (error) {
      outcome['error.type'] = errorType(error);
      throw error;
    } finally {
      duration((performance.now() - startedAtMs) / 1_000, outcome);
      size(units.length, outcome);
    }
  };
}
