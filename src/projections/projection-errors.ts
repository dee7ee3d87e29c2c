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

/** The parked events of a projection are being retried already, here or on another node. */
export class RetryUnderWay extends AnnalsError {
  readonly code = 'retry-under-way';

  constructor(projection: string) {
    super(
      `Parked events of projection "${projection}" are being retried already. Wait for that, then retry.`,
    );
  }
}
