import type { Container } from 'inversify';
import type { AggregateOf, AggregateRoot, AggregateSource } from '../../domain/index.ts';
import type {
  CommandBus,
  EventEmitter,
  EventReplay,
  EventSerializer,
  EventStore,
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
  readonly projections: Projections;
  readonly readModels: ReadModels;
  readonly container: Container;
  /** The repository of an aggregate class or decider. */
  repository<Source extends AggregateSource>(source: Source): Repository<AggregateOf<Source> & AggregateRoot>;
  /** Ends what runs in the background, lets what is under way finish, and closes the store. */
  stop(): Promise<void>;
}
