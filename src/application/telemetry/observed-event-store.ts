import type { Recorded, StreamId } from '../../domain/index.ts';
import type {
  AppendOptions,
  AppendResult,
  EventFilter,
  EventPage,
  EventQuery,
  EventStore,
  FeedPage,
  FollowOptions,
  ReadFeedOptions,
  ReadStreamOptions,
  StoredCommand,
  StreamAppend,
  SubscribeOptions,
  Subscription,
} from '../ports/event-store.ts';
import type { InlineProjections } from '../ports/read-model-store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { AppendTelemetry } from './append-telemetry.ts';

/** An event store that tells of its appends; what it stores says in which trace that happened. */
export class ObservedEventStore implements EventStore {
  readonly #store: EventStore;
  readonly #appends: AppendTelemetry;

  constructor(store: EventStore, telemetry: Telemetry) {
    this.#store = store;
    this.#appends = new AppendTelemetry(telemetry);
  }

  async append(append: StreamAppend, options?: AppendOptions): Promise<AppendResult> {
    const [result] = await this.#appends.run([append], async ([traced]) => [
      await this.#store.append(traced!, options),
    ]);
    return result!;
  }

  appendMany(appends: readonly StreamAppend[], options?: AppendOptions): Promise<readonly AppendResult[]> {
    return this.#appends.run(appends, traced => this.#store.appendMany(traced, options));
  }

  readStream(stream: StreamId, options?: ReadStreamOptions): AsyncIterable<Recorded> {
    return this.#store.readStream(stream, options);
  }

  readFeed(options?: ReadFeedOptions): AsyncIterable<Recorded> {
    return this.#store.readFeed(options);
  }

  readFeedPage(options?: ReadFeedOptions): Promise<FeedPage> {
    return this.#store.readFeedPage(options);
  }

  subscribe(options?: SubscribeOptions): Subscription {
    return this.#store.subscribe(options);
  }

  follow(stream: StreamId, options?: FollowOptions): AsyncIterable<Recorded> {
    return this.#store.follow(stream, options);
  }

  get(eventId: string): Promise<Recorded | undefined> {
    return this.#store.get(eventId);
  }

  query(query: EventQuery): Promise<EventPage> {
    return this.#store.query(query);
  }

  countByType(filter?: EventFilter): Promise<Readonly<Record<string, number>>> {
    return this.#store.countByType(filter);
  }

  streamVersion(stream: StreamId): Promise<number> {
    return this.#store.streamVersion(stream);
  }

  findCommand(commandId: string): Promise<StoredCommand | undefined> {
    return this.#store.findCommand(commandId);
  }

  settledPosition(): Promise<number> {
    return this.#store.settledPosition();
  }

  lastSettledEvent(atMost: number): Promise<number | undefined> {
    return this.#store.lastSettledEvent(atMost);
  }

  onCommitted(listener: () => void): () => void {
    return this.#store.onCommitted(listener);
  }

  useInlineProjections(inline: InlineProjections): void {
    this.#store.useInlineProjections(inline);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#store[Symbol.asyncDispose]();
  }
}
