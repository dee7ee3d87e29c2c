import { AnnalsError } from './annals-error.ts';
import { disregard, isThenable } from './is-thenable.ts';

/** What was being done to the state: by which method, for which event. */
interface Application {
  readonly aggregate: string;
  readonly method: string;
  readonly event: string;
}

type Fault = 'threw an error' | 'returned a promise' | 'raised an event';

/** An `@On` method threw, waited or raised; it must only change state, because it also runs on every replay. */
export class UnableToApplyEvent extends AnnalsError {
  readonly code = 'unable-to-apply-event';
  readonly aggregate: string;
  readonly method: string;
  readonly event: string;
  readonly fault: Fault;

  constructor(place: Application, fault: Fault, cause: unknown) {
    super(
      `${place.aggregate}.${place.method} ${fault} while applying ${place.event}. ` +
        `An @On method only changes state: ${advice[fault]}`,
      { cause },
    );
    this.aggregate = place.aggregate;
    this.method = place.method;
    this.event = place.event;
    this.fault = fault;
  }
}

const general = 'check rules before raise(), and do I/O in a handler.';
const advice: Readonly<Record<Fault, string>> = {
  'threw an error': general,
  'returned a promise': general,
  'raised an event': 'what follows from the event is raised by the method that raised the event.',
};

/** Does what an event does to the state, and refuses what would not survive a replay: to throw, wait or raise. */
export function applyGuarded<T>(place: Application, change: () => T): T {
  let returned: T;
  try {
    returned = change();
  } catch (error) {
    // What it raised was refused, and is told as that.
    if (error instanceof UnableToApplyEvent) throw error;
    throw new UnableToApplyEvent(place, 'threw an error', error);
  }
  if (!isThenable(returned)) return returned;
  disregard(returned);
  throw new UnableToApplyEvent(place, 'returned a promise', undefined);
}
