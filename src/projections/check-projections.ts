import type { JudgeProjections } from '../application/health/health.ts';
import type { HealthCheck } from '../application/health/health-report.ts';
import type { ProjectionLag, StoreHealth } from '../application/ports/store-health.ts';
import { errorType } from '../application/telemetry/error-type.ts';
import { isSameBuild } from '../application/same-build.ts';
import { errorText } from './error-text.ts';
import type { RunnerStatus } from './projection-node.ts';
import type { Projections } from './projections.ts';

/** Says of each async projection whether it gets ahead; inline and live ones are never behind. */
export async function checkProjections(
  projections: Projections,
  health: StoreHealth,
): Promise<JudgeProjections> {
  const running = projections.running();
  const lags = await health.lags(running);
  return stuckAfterMs =>
    running.map(({ runner, ...build }) => {
      const { name, version } = build;
      const lag = lags.find(found => isSameBuild(found, build));
      const verdict = judge(runner, lag, stuckAfterMs);
      return { name: `projection ${name} v${version}`, ...verdict, facts: { ...factsOf(runner, lag) } };
    });
}

type Verdict = Pick<HealthCheck, 'status' | 'message'>;

function judge(runner: RunnerStatus, lag: ProjectionLag | undefined, stuckAfterMs: number): Verdict {
  if (runner.state === 'stopped') {
    const stoppedByItself = runner.lastError !== undefined;
    return stoppedByItself
      ? { status: 'failing', message: 'It stopped, because of an error that it may not pass by.' }
      : { status: 'degraded', message: 'It does not run now.' };
  }
  if (lag !== undefined && lag.stillMs > stuckAfterMs) {
    const message = `Its checkpoint has not moved for ${Math.round(lag.stillMs)} ms, although events wait.`;
    return { status: 'failing', message };
  }
  if (runner.state === 'retrying')
    return { status: 'degraded', message: 'A batch failed and is tried again.' };
  if (lag !== undefined && lag.parked.events > 0) {
    return { status: 'degraded', message: 'Events are parked and wait for an operator.' };
  }
  return { status: 'ok' };
}

function factsOf(runner: RunnerStatus, lag: ProjectionLag | undefined): NonNullable<HealthCheck['facts']> {
  const { state, lastError } = runner;
  const error = lastError !== undefined && { error: errorType(lastError), reason: errorText(lastError) };
  const progress = lag && {
    position: lag.position,
    lagEvents: lag.events,
    lagMs: Math.round(lag.lagMs),
    stillMs: Math.round(lag.stillMs),
    parkedKeys: lag.parked.keys,
    parkedEvents: lag.parked.events,
  };
  return { state, ...error, ...progress };
}
