import type { ExecutionScope } from '../application/execution/execution-scope.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { ProjectionId } from '../application/ports/projection-states.ts';
import type { Builds } from './builds.ts';
import type { NodePace, RunnerStatus } from './projection-node.ts';
import type { ProjectionTelemetry } from './projection-telemetry.ts';
import type { SettledWaiter } from './settled-waiter.ts';

/** A build that runs in the background, and how it is doing as this process knows it. */
export interface RunningProjection extends ProjectionId {
  readonly runner: RunnerStatus;
}

/** What projections run with. */
export interface ProjectionServices {
  readonly builds: Builds;
  readonly settled: SettledWaiter;
  readonly logger: Logger;
  readonly scope: ExecutionScope;
  readonly telemetry?: ProjectionTelemetry | undefined;
  readonly pace?: NodePace | undefined;
}
