import { AnnalsError, formatStream } from '../../domain/index.ts';
import type { StreamId } from '../../domain/index.ts';

/** There are no events for the aggregate: it was never created. */
export class AggregateNotFound extends AnnalsError {
  readonly code = 'aggregate-not-found';
  readonly stream: StreamId;

  constructor(stream: StreamId) {
    super(
      `Aggregate "${formatStream(stream)}" does not exist. ` +
        'Check the id, or use create() for a new aggregate and find() where absence is normal.',
    );
    this.stream = stream;
  }
}

/** `create` was called for an aggregate that has events. */
export class AggregateAlreadyExists extends AnnalsError {
  readonly code = 'aggregate-already-exists';
  readonly stream: StreamId;

  constructor(stream: StreamId) {
    super(`Aggregate "${formatStream(stream)}" already exists. Use update(), or choose another id.`);
    this.stream = stream;
  }
}

/** An aggregate loaded outside of a handler, or by `EventReplay`, was changed; nobody would have stored the change. */
export class ReadOnlyAggregate extends AnnalsError {
  readonly code = 'read-only-aggregate';

  constructor() {
    super(
      'An aggregate from load() or find() outside of a handler, or from EventReplay anywhere, is only for reading. ' +
        'Change it with update().',
    );
  }
}
