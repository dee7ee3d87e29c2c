/** "annals/projections": the read side. */
export { DocumentProjector } from './document-projector.ts';
export type { DocumentOf } from './document-projector.ts';
export { EventHandler } from './event-handler.ts';
export type { EventReaction } from './handler-projection.ts';
export {
  NotStored,
  ProjectionNameTaken,
  ProjectionWaitTimeout,
  ProjectorReturnedNothing,
  RebuildUnderWay,
  RegisteredTooLate,
  UnknownProjection,
} from './projection-errors.ts';
export type { Projection } from './projection.ts';
export type { RunnerStatus } from './projection-runner.ts';
export { Projections } from './projections.ts';
export type { ProjectionStatus, WaitOptions } from './projections.ts';
export { Projector } from './projector.ts';
export type { ProjectionMode, ProjectorInfo, ProjectorOptions } from './projector.ts';
export { ReadModelProjector } from './read-model-projector.ts';
export { ReadModels } from './read-models.ts';
export type { Keyed, ReadModel } from './read-models.ts';
export { TableProjector } from './table-projector.ts';
export type { TableTransaction } from './table-projector.ts';
