/** "annals/projections": the read side. */
export { DocumentProjector } from './document-projector.ts';
export type { DocumentOf } from './document-projector.ts';
export { EventHandler } from './event-handler.ts';
export { InvalidProjectorOption } from './failure-policy.ts';
export type { FailurePolicy, OnFailure } from './failure-policy.ts';
export type { EventReaction } from './handler-projection.ts';
export {
  NotStored,
  ProjectionNameTaken,
  ProjectionStopped,
  ProjectionWaitTimeout,
  ProjectorReturnedNothing,
  RebuildUnderWay,
  RegisteredTooLate,
  RetryUnderWay,
  TooManyParked,
  UnknownProjection,
} from './projection-errors.ts';
export type { RetryOutcome } from './parked-retry.ts';
export type { Projection, WantedKeys } from './projection.ts';
export type { RunnerStatus } from './projection-runner.ts';
export { Projections } from './projections.ts';
export type { DiscardOptions, ProjectionStatus, WaitOptions } from './projections.ts';
export { Projector } from './projector.ts';
export type { ProjectionMode, ProjectorInfo, ProjectorOptions } from './projector.ts';
export { ReadModelProjector } from './read-model-projector.ts';
export { ReadModels } from './read-models.ts';
export type { Keyed, ReadModel } from './read-models.ts';
export { TableProjector } from './table-projector.ts';
export type { TableTransaction } from './table-projector.ts';
