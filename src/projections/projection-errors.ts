import type { BuildStatus } from '../application/ports/projection-states.ts';
import { AnnalsError } from '../domain/index.ts';

/** A document projector's method returned nothing. */
export class ProjectorReturnedNothing extends AnnalsError {
  readonly code = 'projector-returned-nothing';

  constructor(projector: string, method: string) {
    super(
      `${projector}.${method} returned undefined. ` +
        'Return the document to store, or null to remove it; return it unchanged where nothing changes.',
    );
  }
}

/** A document projector's method returned a promise. */
export class ProjectorReturnedPromise extends AnnalsError {
  readonly code = 'projector-returned-promise';

  constructor(projector: string, method: string) {
    super(
      `${projector}.${method} returned a promise, but a document projector only computes. ` +
        'Take away the async and return the document; what has to be waited for belongs into an EventHandler.',
    );
  }
}

/** A projection did not reach a position in time. The events are stored; only the read model is behind. */
export class ProjectionWaitTimeout extends AnnalsError {
  readonly code = 'projection-wait-timeout';
  readonly projection: string;
  readonly position: number;
  readonly reached: number;

  constructor(projection: string, position: number, reached: number, timeoutMs: number, cause: unknown) {
    super(
      `Projection "${projection}" reached position ${reached} but not ${position} within ${timeoutMs} ms. ` +
        'The command did commit. Wait longer, or see why the projection is behind.',
      { cause },
    );
    this.projection = projection;
    this.position = position;
    this.reached = reached;
  }
}

/** A projection has stopped, so that it does not get to a position by itself. The events are stored. */
export class ProjectionNotRunning extends AnnalsError {
  readonly code = 'projection-not-running';
  readonly projection: string;
  readonly position: number;
  readonly reached: number;

  constructor(projection: string, position: number, reached: number, cause: unknown) {
    super(
      `Projection "${projection}" has stopped at position ${reached}, so nobody needs to wait until it is at ` +
        `${position}. What was waited for is stored. Mend the cause, then call resume() or start the app again.`,
      { cause },
    );
    this.projection = projection;
    this.position = position;
    this.reached = reached;
  }
}

/** A handler asked to wait for the projection that it is a part of, which could move on only after the handler. */
export class WaitForItself extends AnnalsError {
  readonly code = 'wait-for-itself';
  readonly projection: string;

  constructor(projection: string) {
    super(
      `A handler of projection "${projection}" asked to wait for that same projection, which goes on only when the ` +
        'handler has ended. Nothing was done. Leave the wait out, or wait where the first command is dispatched.',
    );
    this.projection = projection;
  }
}

/** Functions were registered under the name of another projection. */
export class ProjectionNameTaken extends AnnalsError {
  readonly code = 'projection-name-taken';

  constructor(name: string) {
    super(
      `The projection name "${name}" belongs to a projector class. Register functions under another name.`,
    );
  }
}

/** A projection is being rebuilt already, here or on another node. */
export class RebuildUnderWay extends AnnalsError {
  readonly code = 'rebuild-under-way';

  constructor(projection: string) {
    super(
      `Projection "${projection}" is being rebuilt already. Wait for that, and rebuild again if you still need to.`,
    );
  }
}

/** What was built is not where it has to be before it can serve. */
export class NotCaughtUp extends AnnalsError {
  readonly code = 'not-caught-up';
  readonly projection: string;
  readonly position: number;
  readonly target: number;

  constructor(projection: string, position: number, target: number) {
    super(
      `A build of projection "${projection}" is at position ${position} and has to reach ${target} first. ` +
        'Wait until it is close, and see that a node with its code is running.',
    );
    this.projection = projection;
    this.position = position;
    this.target = target;
  }
}

/** Keys are parked in what was built that are not parked in the live build. */
export class RebuildParked extends AnnalsError {
  readonly code = 'rebuild-parked';
  readonly projection: string;
  readonly keys: readonly string[];

  constructor(projection: string, keys: readonly string[]) {
    super(
      `What was built of projection "${projection}" has parked events that the live build has handled, ` +
        `under ${keys.map(key => JSON.stringify(key)).join(', ')}. ` +
        'Cancel it and mend the projector, or swap with allowsParked.',
    );
    this.projection = projection;
    this.keys = keys;
  }
}

/** A rebuild ended without taking the place of the live build. */
export class RebuildEnded extends AnnalsError {
  readonly code = 'rebuild-ended';

  constructor(projection: string, why: string, options?: ErrorOptions) {
    super(`The rebuild of projection "${projection}" ${why}. The live build is as it was.`, options);
  }
}

/** Code of an older version asked for something that would undo a newer one. */
export class NewerVersionLive extends AnnalsError {
  readonly code = 'newer-version-live';

  constructor(projection: string, version: number, live: number) {
    super(
      `Projection "${projection}" is live in version ${live}, and this process has the code of version ${version}. ` +
        'Do this where the newer code runs, or roll back.',
    );
  }
}

/** Appends write another version of an inline projection than the one that this process has the code of. */
export class OtherVersionInline extends AnnalsError {
  readonly code = 'other-version-inline';

  constructor(projection: string, version: number, live: number) {
    super(
      `Appends write version ${live} of inline projection "${projection}", and this process has version ${version}. ` +
        'Nothing was stored. Append again in a few seconds: runners will write it then.',
    );
  }
}

/** What was asked for runs a projector's code, and the build that serves is of a version that this process lacks. */
export class OtherVersionServes extends AnnalsError {
  readonly code = 'other-version-serves';

  constructor(projection: string, version: number, serving: number) {
    super(
      `Projection "${projection}" is served by its version ${serving}, and this process has the code of version ` +
        `${version}, which must not write there. Do this where version ${serving} runs.`,
    );
  }
}

/** There is no build of the kind that an operation needs. */
export class NoBuild extends AnnalsError {
  readonly code = 'no-build';

  constructor(projection: string, status: BuildStatus = 'live') {
    const what = { live: 'is not live yet', building: 'is not being built', kept: 'has no kept build' }[
      status
    ];
    super(`Projection "${projection}" ${what}.`);
  }
}

/** A reset would have handled events a second time. */
export class ResetRefused extends AnnalsError {
  readonly code = 'reset-refused';

  constructor(projection: string, from: number, to: number, advice: string) {
    super(`Projection "${projection}" was not set back from position ${from} to ${to}: ${advice}`);
  }
}

/** Nothing waits or has stopped at the event that is to be skipped. */
export class NothingToSkip extends AnnalsError {
  readonly code = 'nothing-to-skip';

  constructor(projection: string, position: number) {
    super(
      `Projection "${projection}" neither has an event at position ${position} at the head of a parked key nor has ` +
        'stopped before one. See parked() and list().',
    );
  }
}

/** Nothing is parked under the key whose events were to be retried or given up. */
export class NothingParked extends AnnalsError {
  readonly code = 'nothing-parked';
  readonly projection: string;
  readonly key: string;

  constructor(projection: string, key: string) {
    const shown = JSON.stringify(key.slice(0, 200));
    super(`No events of projection "${projection}" are parked under ${shown}. See which are by parked().`);
    this.projection = projection;
    this.key = key;
  }
}

/** Shards cannot change while events are parked, or one that reacts has stopped. */
export class ReshardRefused extends AnnalsError {
  readonly code = 'reshard-refused';

  constructor(projection: string, why: string) {
    super(`The shards of projection "${projection}" were not changed: ${why}`);
  }
}

/** A function was registered for a type whose events upcasters all read as another; it would never be called. */
export class TypeReadAsOther extends AnnalsError {
  readonly code = 'type-read-as-other';
  readonly type: string;
  /** What its events are read as. */
  readonly successors: readonly string[];

  constructor(type: string, successors: readonly string[]) {
    const names = successors.map(successor => `"${successor}"`).join(' and ');
    super(
      `A function was registered for "${type}", but upcasters read its events as ${names}, so it would never be called. ` +
        'Register it for what it is read as.',
    );
    this.type = type;
    this.successors = successors;
  }
}

/** A function was registered for an event after the app had started; it would never be called. */
export class RegisteredTooLate extends AnnalsError {
  readonly code = 'registered-too-late';

  constructor(projection: string) {
    super(
      `A function was registered under "${projection}" after the app had started, so it would never be called. ` +
        'Register it in a module: defineModule({ register: registry => registry.register(…) }).',
    );
  }
}

/** A projector was asked for that no module lists. */
export class UnknownProjection extends AnnalsError {
  readonly code = 'unknown-projection';

  constructor(name: string) {
    super(
      `No projection belongs to ${name}. Decorate it with @Projector and list it in a module's projectors.`,
    );
  }
}

/** A projection that stores nothing was asked for something that only stored ones can do. */
export class NotStored extends AnnalsError {
  readonly code = 'not-stored';

  constructor(projection: string, operation: string) {
    super(
      `Projection "${projection}" stores no read model, so it cannot ${operation}. ` +
        "Ask a live one for single keys, or set its mode to 'async' or 'inline'.",
    );
  }
}

/** An event failed, and the projector's policy is to stop rather than go on without it. */
export class ProjectionStopped extends AnnalsError {
  readonly code = 'projection-stopped';
  readonly projection: string;
  readonly position: number;
  readonly key: string;

  constructor(projection: string, position: number, key: string, cause: unknown) {
    super(
      `Projection "${projection}" stopped before the event at position ${position}, key ${JSON.stringify(key)}, ` +
        'which it cannot handle. Mend the cause, then call resume() or start the app again.',
      { cause },
    );
    this.projection = projection;
    this.position = position;
    this.key = key;
  }
}

/** So many events are parked that the projection stopped rather than park more. */
export class TooManyParked extends AnnalsError {
  readonly code = 'too-many-parked';
  readonly projection: string;
  readonly maxParked: number;

  constructor(projection: string, maxParked: number, cause: unknown) {
    super(
      `Projection "${projection}" stopped, because it would have more than ${maxParked} parked events. ` +
        'Nothing is lost. Mend the cause, call retryParked() or discardParked(), then resume().',
      { cause },
    );
    this.projection = projection;
    this.maxParked = maxParked;
  }
}

/** Rows that are to be written together have different columns; none was written. */
export class UnevenRows extends AnnalsError {
  readonly code = 'uneven-rows';
  readonly table: string;
  /** The index of the first row that differs. */
  readonly index: number;

  constructor(table: string, columns: readonly string[], index: number, own: readonly string[]) {
    super(
      `Row ${index} for table "${table}" has the columns ${own.join(', ') || 'none'}, and row 0 has ${columns.join(', ')}. ` +
        'Give all rows the same columns, null where there is nothing.',
    );
    this.table = table;
    this.index = index;
  }
}

/** The parked events of a projection are being retried already, here or on another node. */
export class RetryUnderWay extends AnnalsError {
  readonly code = 'retry-under-way';

  constructor(projection: string) {
    super(
      `Parked events of projection "${projection}" are being retried already. Wait for that, then retry.`,
    );
  }
}
