import type { Container } from 'inversify';
import type { AggregateOf, AggregateRoot, AggregateSource, Class } from '../../domain/index.ts';
import type {
  CommandBus,
  Consumers,
  EventEmitter,
  EventReader,
  EventReplay,
  EventSerializer,
  EventStore,
  Health,
  Logger,
  Message,
  QueryBus,
  Repository,
} from '../../application/index.ts';
import type { Projections, ReadModels } from '../../projections/index.ts';

/** A running application. */
export interface App extends AsyncDisposable {
  readonly commands: CommandBus;
  readonly queries: QueryBus;
  readonly events: EventStore;
  readonly emitter: EventEmitter;
  readonly replay: EventReplay;
  readonly serializer: EventSerializer;
  /** Reads stored events as what they are today. */
  readonly reader: EventReader;
  readonly projections: Projections;
  readonly readModels: ReadModels;
  /** Hands events out to services elsewhere, which pull them and answer for each. */
  readonly consumers: Consumers;
  /** Whether it is live and ready, and whether its background work gets ahead. */
  readonly health: Health;
  /** What the modules know, e.g. to tell the state of an aggregate by its type. */
  readonly aggregates: readonly AggregateSource[];
  /** The commands and queries that have a handler. */
  readonly messages: readonly Class<Message>[];
  readonly logger: Logger;
  readonly container: Container;
  /** The repository of an aggregate class or decider. */
  repository<Source extends AggregateSource>(source: Source): Repository<AggregateOf<Source> & AggregateRoot>;
  /** Ends what runs in the background, lets what is under way finish, and closes the store. */
  stop(): Promise<void>;
}
