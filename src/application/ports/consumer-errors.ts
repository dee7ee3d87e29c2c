import { AnnalsError } from '../../domain/index.ts';
import type { DeliveryStatus } from './consumer-store.ts';

/** No consumer of this name was ever named, or it was removed. */
export class UnknownConsumer extends AnnalsError {
  readonly code = 'unknown-consumer';
  readonly consumer: string;

  constructor(consumer: string) {
    super(
      `There is no consumer "${consumer}". Check the name; the first pull under a name makes its consumer.`,
    );
    this.consumer = consumer;
  }
}

/** A consumer exists, and gets other events or is parked after another number of attempts. */
export class ConsumerDiffers extends AnnalsError {
  readonly code = 'consumer-differs';
  readonly consumer: string;
  /** The option that differs. */
  readonly option: string;

  constructor(consumer: string, option: string, stored: unknown, asked: unknown) {
    super(
      `The consumer "${consumer}" was made with ${option} ${JSON.stringify(stored ?? null)}, and not with ` +
        `${JSON.stringify(asked)}. What it has handled would not fit. Choose another name, or remove it first.`,
    );
    this.consumer = consumer;
    this.option = option;
  }
}

/** An answer came for a lease that has ended: the event was handed out again, or an operator has decided. */
export class LeaseLost extends AnnalsError {
  readonly code = 'lease-lost';
  readonly consumer: string;
  readonly eventId: string;
  /** Where the event is now. */
  readonly status: DeliveryStatus;

  constructor(consumer: string, eventId: string, status: DeliveryStatus) {
    super(
      `The lease on event ${eventId} has ended: for the consumer "${consumer}" it is ${status} now. ` +
        'Nothing was changed. Undo what was done, if it must not happen twice, and pull again.',
    );
    this.consumer = consumer;
    this.eventId = eventId;
    this.status = status;
  }
}

/** An answer came for an event that nobody was handed. */
export class NotHandedOut extends AnnalsError {
  readonly code = 'not-handed-out';
  readonly consumer: string;
  readonly eventId: string;

  constructor(consumer: string, eventId: string) {
    super(
      `The consumer "${consumer}" was not handed event ${eventId}, so there is nothing to answer. ` +
        'Pull first; an event comes once those before it of its aggregate are done.',
    );
    this.consumer = consumer;
    this.eventId = eventId;
  }
}

/** An answer came for an event that is done, with another outcome. */
export class AlreadyProcessed extends AnnalsError {
  readonly code = 'already-processed';
  readonly consumer: string;
  readonly eventId: string;
  readonly status: DeliveryStatus;

  constructor(consumer: string, eventId: string, status: DeliveryStatus) {
    super(
      `For the consumer "${consumer}" event ${eventId} is ${status} already, with another outcome. ` +
        'Nothing was changed. Read the event to see what was reported.',
    );
    this.consumer = consumer;
    this.eventId = eventId;
    this.status = status;
  }
}

/** A retry or discard was asked for an event that is not parked. */
export class NotParked extends AnnalsError {
  readonly code = 'not-parked';
  readonly consumer: string;
  readonly eventId: string;

  constructor(consumer: string, eventId: string) {
    super(`For the consumer "${consumer}" event ${eventId} is not parked. See which events are.`);
    this.consumer = consumer;
    this.eventId = eventId;
  }
}
