import { withPayload } from '../../../application/events/derived-event.ts';
import type { Recorded } from '../../../domain/index.ts';
import type { App } from '../../di/app.ts';
import { nameOfEvent } from '../compare/name-of-event.ts';
import { paint } from '../compare/paint.ts';
import { describeError } from '../scenario/describe-error.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import type { FailureLog } from './failure-log.ts';

/**
 * Fails if a projector could not handle an event.
 *
 * In production the rest would go on; here the projector that fails is what the reader wants to know.
 */
export async function refuseParked(app: App, failures: FailureLog | undefined): Promise<void> {
  const failing = (await app.projections.list()).find(({ parked }) => parked.events > 0);
  if (failing === undefined) return;
  const [first] = await app.projections.parked(failing.name);
  if (first === undefined) return;
  const event = await eventAt(app, first.position);
  const error = failures?.find(first.error);
  const claim = `The projector "${failing.name}" could not handle ${event}, key ${JSON.stringify(first.key)}:`;
  const lines = error === undefined ? [`    ${first.error}`] : describeError(error);
  throw new ScenarioFailed([paint(claim, 'loud'), ...lines].join('\n'), { cause: error });
}

async function eventAt(app: App, position: number): Promise<string> {
  for await (const event of app.events.readFeed({ afterPosition: position - 1 })) {
    return `${nameOfEvent(classed(app, event))} (version ${event.version} of ${event.aggregateId})`;
  }
  return `the event at position ${position}`;
}

/* What fails may be that nobody can read it. */
function classed(app: App, event: Recorded): Recorded<object> {
  try {
    return app.serializer.deserialize(event);
  } catch {
    return withPayload(event, {});
  }
}
