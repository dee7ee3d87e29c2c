import type { Recorded } from '../../domain/index.ts';
import type { Consumer, Delivery, DeliveryStatus } from '../ports/consumer-store.ts';

/** What a consumer has made of an event. */
export interface Processing {
  readonly consumer: string;
  /** Whether it is done; undefined: the consumer does not get it. */
  readonly isProcessed: boolean | undefined;
  /** Where it is; undefined: the consumer does not get it. */
  readonly status: DeliveryStatus | undefined;
  /** Undefined until it was read for the consumer, and once what was told of it is purged. */
  readonly delivery: Delivery | undefined;
}

/** What a consumer has made of an event, told by its delivery, or by there being none. */
export function processingOf(
  consumer: Consumer,
  event: Recorded,
  delivery: Delivery | undefined,
): Processing {
  const { name, startPosition, readPosition } = consumer;
  const told = (status: DeliveryStatus | undefined): Processing => ({
    ...{ consumer: name, status, delivery },
    isProcessed: status === undefined ? undefined : status === 'processed' || status === 'discarded',
  });
  if (delivery !== undefined) return told(delivery.status);
  if (event.position <= startPosition || !isGotten(consumer, event)) return told(undefined);
  return told(event.position > readPosition ? 'waiting' : 'processed');
}

function isGotten({ types, aggregateTypes }: Consumer, event: Recorded): boolean {
  return isOneOf(types, event.type) && isOneOf(aggregateTypes, event.aggregateType);
}

function isOneOf(wanted: readonly string[] | undefined, name: string): boolean {
  return wanted === undefined || wanted.includes(name);
}
