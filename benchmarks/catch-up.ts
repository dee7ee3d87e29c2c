import {
  annalsCatchingUp,
  bestPulling,
  emmettCatchingUp,
  rebuild,
  startNew,
} from './contenders/catching-up.ts';
import type { Catching, Pulling } from './contenders/catching-up.ts';
import { noOpProjector } from './contenders/projectors.ts';
import type { Benchmark, Case, Contender, Settings } from './harness/benchmark.ts';
import { eventMetrics } from './harness/timed-events.ts';

/** A projector that begins at the first event. */
export const catchUp: Benchmark = {
  name: 'catch-up',
  measures: 'a projector that stores nothing, from the first event to the last with its checkpoint stored',
  settings: { events: 200_000, peerEvents: 5_000 },
  tiny: { events: 2_000 },
  cases: settings => [catchUpCase(settings)],
};

function catchUpCase(settings: Settings): Case {
  const [events, peerEvents] = [Number(settings.events), Number(settings.peerEvents)];
  return {
    name: `${events.toLocaleString('en-US')} events; ${peerEvents.toLocaleString('en-US')} for peers`,
    metrics: eventMetrics,
    keepsData: true,
    contenders: [
      annals('Annals', events, startNew),
      annals('Annals, rebuild', events, rebuild),
      emmett('Emmett', peerEvents, {}),
      emmett('Emmett, at its best', peerEvents, bestPulling),
    ],
    goals: [
      { metric: 'events/s', against: 'Emmett', atLeast: 250 },
      { metric: 'events/s', against: 'Emmett, at its best', atLeast: 50 },
    ],
  };
}

function annals(name: string, events: number, catching: Catching): Contender {
  const projectorOf = (number: number): ReturnType<typeof noOpProjector> => noOpProjector(`no_op_${number}`);
  return annalsCatchingUp(name, { events, catching, projectorOf });
}

function emmett(name: string, events: number, pulling: Pulling): Contender {
  return emmettCatchingUp(name, {
    ...{ events, pulling },
    process: (consumer, number, isLast) => {
      consumer.reactor({
        processorId: `no-op-${number}`,
        eachMessage: () => undefined,
        stopAfter: () => isLast(),
      });
    },
  });
}
