/** "annals/application": use cases, and the ports that adapters implement. */
export { CommandBus } from './commands/command-bus.ts';
export type { Dispatched, DispatchOptions } from './commands/command-bus.ts';
export { Command } from './commands/command.ts';
export type { CommandResult } from './commands/command.ts';
export type { CommandContext, CommandHandler } from './commands/command-handler.ts';
export type { CommandMiddleware, CommandOutcome } from './commands/command-middleware.ts';
export { authorization, classValidation } from './commands/middleware.ts';
export {
  AlreadyProcessed,
  ConsumerDiffers,
  LeaseLost,
  NotHandedOut,
  NotParked,
  UnknownConsumer,
} from './ports/consumer-errors.ts';
export type {
  Consumer,
  ConsumerStore,
  ConsumerTransaction,
  Delivery,
  DeliveryStatus,
  NewConsumer,
  OpenDeliveries,
  OpenDeliveryQuery,
} from './ports/consumer-store.ts';
export type { Failure, Report } from './consumers/answers.ts';
export { defaultConsumer } from './consumers/consumer-options.ts';
export type { ConsumerOptions } from './consumers/consumer-options.ts';
export type { ConsumerAction } from './consumers/consumer-operation.ts';
export { Consumers } from './consumers/consumers.ts';
export type {
  Answer,
  ConsumerServices,
  ConsumerState,
  OpenOptions,
  PullOptions,
} from './consumers/consumers.ts';
export type { ProcessingQuery } from './consumers/find-by-processing.ts';
export type { Processing } from './consumers/processing.ts';
export { causationTree } from './events/causation-tree.ts';
export type { CausationNode, CausationTree, CausationTreeOptions } from './events/causation-tree.ts';
export { EmitterQueueFull, EventEmitter } from './events/event-emitter.ts';
export type { Emission, EventEmitterOptions } from './events/event-emitter.ts';
export { withPayload } from './events/derived-event.ts';
export { StoredEvent } from './events/stored-event.ts';
export type { StoredEventColumns } from './events/stored-event.ts';
export { prepareAppend } from './events/prepare-append.ts';
export type {
  AppendPreparation,
  PreparedAppend,
  PreparedCommand,
  PreparedEvent,
  PreparedWrite,
} from './events/prepare-append.ts';
export type { JsonLimits } from './events/json-text.ts';
export { Handles } from './handles.ts';
export type { Message, MessageContextOf, MessageHandler, MessageResult } from './handles.ts';
export { Health } from './health/health.ts';
export type { HealthServices, JudgeProjections, ProgressOptions, ReadyOptions } from './health/health.ts';
export type { HealthCheck, HealthReport, HealthStatus } from './health/health-report.ts';
export { ImportInterrupted, importEvents } from './import/import-events.ts';
export type { ImportOptions, ImportProgress } from './import/import-events.ts';
export type { ConflictRetry } from './execution/units-of-work.ts';
export {
  AppStopped,
  CommandIdReused,
  CommandTimedOut,
  NoHandler,
  NotAuthorized,
  ValidationFailed,
  WaitInsideHandler,
} from './message-errors.ts';
export type { ValidationIssue } from './message-errors.ts';
export type { Clock } from './ports/clock.ts';
export type { EventSerializer, SerializedEvent } from './ports/event-serializer.ts';
export type {
  AppendOptions,
  AppendResult,
  CommandRecord,
  EventFilter,
  EventPage,
  EventQuery,
  EventStore,
  FeedFilter,
  FeedPage,
  FollowOptions,
  KeyChanges,
  NewEvent,
  ReadFeedOptions,
  ReadStreamOptions,
  StoredCommand,
  StreamAppend,
  SubscribeOptions,
  Subscription,
} from './ports/event-store.ts';
export {
  CommandAlreadyStored,
  EventIdConflict,
  InvalidAppend,
  InvalidQuery,
  StoreUnavailable,
  StreamVersionConflict,
  UniqueKeyTaken,
  UnserializableValue,
} from './ports/event-store-errors.ts';
export type { IdGenerator } from './ports/id-generator.ts';
export type { Logger } from './ports/logger.ts';
export { BuildGone, BuildInUse, CheckpointMoved, ViewTaken } from './ports/read-model-errors.ts';
export type {
  DiscardReason,
  EventToPark,
  FirstParked,
  ParkedEvents,
  ParkedKey,
} from './ports/parked-events.ts';
export type { Operation, RecordedOperation } from './ports/operation.ts';
export type {
  BuildStatus,
  ClaimedShard,
  NewProjection,
  NodeState,
  ProjectionChanges,
  ProjectionId,
  ProjectionState,
  ProjectionStates,
  ProjectionsView,
  SeenNode,
  ShardCondition,
  ShardId,
  ShardState,
  WrittenBy,
} from './ports/projection-states.ts';
export type {
  Checkpoint,
  CheckpointMove,
  Comparison,
  ComparisonOptions,
  DocumentChange,
  DocumentFilter,
  DocumentOrder,
  DocumentQuery,
  FieldCondition,
  FieldOf,
  InlineProjections,
  ProjectAppended,
  ProjectionTables,
  ReadModelStore,
  ReadModelTransaction,
  SqlSession,
  StoredDocument,
  TableComparison,
  FoundDocuments,
} from './ports/read-model-store.ts';
export type { SnapshotSerializer } from './ports/snapshot-serializer.ts';
export type { Snapshot, SnapshotStore } from './ports/snapshot-store.ts';
export type { Store, StoreFactory, StoreServices } from './ports/store.ts';
export type {
  Lag,
  ProjectionLag,
  ShardLag,
  StoreActivity,
  StoreHealth,
  StoreState,
} from './ports/store-health.ts';
export type {
  Instrument,
  Measure,
  Measurement,
  ObservedInstrument,
  Span,
  SpanOptions,
  Telemetry,
  TelemetryAttributes,
  TraceContext,
} from './ports/telemetry.ts';
export { QueryBus } from './queries/query-bus.ts';
export type { AskOptions, AskedFreshness } from './queries/query-bus.ts';
export { Query } from './queries/query.ts';
export type { QueryContext, QueryHandler, QueryResult } from './queries/query.ts';
export { ChangeAfterEnd } from './execution/change-after-end.ts';
export { AggregateAlreadyExists, AggregateNotFound, ReadOnlyAggregate } from './replay/aggregate-errors.ts';
export { EventReplay } from './replay/event-replay.ts';
export type { RebuildOptions, ReplayOptions } from './replay/event-replay.ts';
export { repositoryOf } from './replay/repository.ts';
export type { Repository, UpdateOptions } from './replay/repository.ts';
export { EventReader } from './schema/event-reader.ts';
export { UnableToUpcast } from './schema/unable-to-upcast.ts';
export { InvalidUpcaster, upcaster } from './schema/upcaster.ts';
export type {
  EventShape,
  PartsOf,
  SplitDefinition,
  Upcaster,
  UpcasterDefinition,
  UpcastPayload,
} from './schema/upcaster.ts';
export { Upcasters } from './schema/upcasters.ts';
export type { UpcastPath, UpcastSplit } from './schema/upcasters.ts';
export { Snapshots } from './snapshots/snapshots.ts';
export type { SnapshotServices, StoredChange } from './snapshots/snapshots.ts';
export { UnfitSnapshot } from './snapshots/unfit-snapshot.ts';
export { Subscriptions } from './subscriptions/subscriptions.ts';
export type { SubscriptionOptions } from './subscriptions/subscriptions.ts';
export type { TailPage } from './subscriptions/tail.ts';
export type { StandardSchema } from './validation.ts';
export type { Who } from './who-and-why.ts';
