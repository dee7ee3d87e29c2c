/** "annals/projections": the read side. */
export { Builds } from './builds.ts';
export { SettledWaiter } from './settled-waiter.ts';
export type { WaitOptions } from './checkpoint-waiter.ts';
export { DocumentProjector } from './document-projector.ts';
export type { DocumentOf } from './document-projector.ts';
export { EventHandler } from './event-handler.ts';
export { InvalidProjectorOption } from './failure-policy.ts';
export type { FailurePolicy, OnFailure } from './failure-policy.ts';
export type { EventReaction, ReactionServices } from './handler-projection.ts';
export {
  NewerVersionLive,
  NoBuild,
  NotCaughtUp,
  NothingParked,
  NothingToSkip,
  NotStored,
  OtherVersionInline,
  OtherVersionServes,
  ProjectionNameTaken,
  ProjectionNotRunning,
  ProjectionStopped,
  ProjectionWaitTimeout,
  ProjectorReturnedNothing,
  ProjectorReturnedPromise,
  RebuildEnded,
  RebuildParked,
  RebuildUnderWay,
  RegisteredTooLate,
  ResetRefused,
  ReshardRefused,
  RetryUnderWay,
  TooManyParked,
  TypeReadAsOther,
  UnevenRows,
  UnknownProjection,
  WaitForItself,
} from './projection-errors.ts';
export type { RetryOutcome } from './parked-retry.ts';
export type { Projection, WantedKeys } from './projection.ts';
export type { LeaseChange, ProjectionTelemetry } from './projection-telemetry.ts';
export { Projections } from './projections.ts';
export type { RunningProjection } from './projection-services.ts';
export type { LagStatus, ProjectionStatus, ShardStatus } from './projection-status.ts';
export type { NodePace } from './projection-node.ts';
export type { ResetOptions } from './operator-actions.ts';
export type { BuildOptions, SwapOptions } from './rebuilds.ts';
export type { OperatorOptions } from './operator-options.ts';
export { shardOf } from './shard-of.ts';
export { Projector } from './projector.ts';
export type { OnNewVersion, ProjectionMode, ProjectorInfo, ProjectorOptions } from './projector.ts';
export { ReadModelProjector } from './read-model-projector.ts';
export { ReadModels } from './read-models.ts';
export type {
  DocumentPage,
  GetOptions,
  Keyed,
  PastMoment,
  ReadModel,
  ReadModelSources,
  Stored,
  StreamVersion,
} from './read-models.ts';
export { TableProjector } from './table-projector.ts';
export type { TableTransaction } from './table-projector.ts';
