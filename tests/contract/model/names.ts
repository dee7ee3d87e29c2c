import type { StreamId } from '../../../src/domain/index.ts';
import type { EventFilter, NewEvent } from '../../../src/application/ports/event-store.ts';
import type { EventStep, FilterStep } from './steps.ts';

const eventTypes = ['account.opened', 'account.deposited', 'order.placed'];
const startTime = Date.parse('2026-01-01T00:00:00.000Z');

/** What the numbers in steps stand for in one run; runs on one database share no name but those of event types. */
export class Names {
  readonly #run: string;
  readonly aggregateTypes: readonly [string, string];

  constructor(run: string) {
    this.#run = run;
    this.aggregateTypes = [`account-${run}`, `order-${run}`];
  }

  /* Two streams have the same id, two the same type. */
  stream(index: number): StreamId {
    const aggregateType = this.aggregateTypes[index < 2 ? 0 : 1];
    return { aggregateType, aggregateId: this.of(['a', 'b', 'a', 'c'][index]!) };
  }

  of(text: string): string {
    return `${text}-${this.#run}`;
  }

  time(minute: number): Date {
    return new Date(startTime + minute * 60_000);
  }

  types(indexes: readonly number[] | undefined): readonly string[] | undefined {
    return indexes?.map(index => eventTypes[index]!);
  }

  event(step: EventStep, eventId: string | undefined): NewEvent {
    const { type, amount, schemaVersion, metadata } = step;
    return {
      ...{ type: eventTypes[type]!, payload: { amount }, ...this.#origin(step) },
      ...(schemaVersion !== undefined && { schemaVersion }),
      ...(metadata !== undefined && { metadata: { note: metadata } }),
      ...(eventId !== undefined && { eventId }),
    };
  }

  /** A filter that fits nothing of other runs. */
  filter(step: FilterStep): EventFilter {
    const { types, aggregateTypes, stream, sinceMinute, untilMinute } = step;
    const origin = this.#origin(step);
    const isOwn = stream !== undefined || origin.correlationId !== undefined || origin.userId !== undefined;
    const own = isOwn ? undefined : this.aggregateTypes;
    return {
      ...origin,
      types: this.types(types),
      aggregateTypes: aggregateTypes?.map(index => this.aggregateTypes[index]!) ?? own,
      aggregateId: stream === undefined ? undefined : this.stream(stream).aggregateId,
      since: sinceMinute === undefined ? undefined : this.time(sinceMinute),
      until: untilMinute === undefined ? undefined : this.time(untilMinute),
    };
  }

  #origin(
    step: EventStep | FilterStep,
  ): Pick<NewEvent, 'correlationId' | 'causationId' | 'userId' | 'actor'> {
    const { correlation, causation, user, actor } = step;
    const named = (kind: string, index: number | undefined): string | undefined =>
      index === undefined ? undefined : this.of(`${kind}-${index}`);
    // A user acts as user 0, so that the event names the same user, another one or none.
    const actors = {
      system: 'system',
      user: `user:${this.of('user-0')}`,
      agent: `agent:${this.of('bot')}`,
    } as const;
    return {
      correlationId: named('correlation', correlation),
      causationId: named('causation', causation),
      userId: named('user', user),
      actor: actor && actors[actor],
    };
  }
}
