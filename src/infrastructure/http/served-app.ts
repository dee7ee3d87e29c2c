import type { AggregateSource, Class } from '../../domain/index.ts';
import type {
  CommandBus,
  Consumers,
  EventReplay,
  EventStore,
  Health,
  Logger,
  Message,
  QueryBus,
} from '../../application/index.ts';
import type { Projections } from '../../projections/index.ts';

/** What the HTTP face needs of a running app; `App` of "annals/di" has it. */
export interface ServedApp {
  readonly events: EventStore;
  readonly commands: CommandBus;
  readonly queries: QueryBus;
  readonly replay: EventReplay;
  readonly projections: Projections;
  readonly consumers: Consumers;
  readonly health: Health;
  readonly logger: Logger;
  /** Aggregates whose state can be asked for by their type. */
  readonly aggregates: readonly AggregateSource[];
  /** Commands and queries that can be sent by their names. */
  readonly messages: readonly Class<Message>[];
}
