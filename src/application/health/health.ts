import { checkTimeout } from '../check-timeout.ts';
import type { StoreActivity, StoreHealth, StoreState } from '../ports/store-health.ts';
import { errorType } from '../telemetry/error-type.ts';
import type { HealthCheck, HealthReport } from './health-report.ts';
import { reportOf } from './health-report.ts';
import { within } from './within.ts';

/** Options of `ready`. */
export interface ReadyOptions {
  /** How long the database may take to answer; default 2 s. */
  readonly timeoutMs?: number | undefined;
}

/** Options of `progress`. */
export interface ProgressOptions extends ReadyOptions {
  /** For how long something may stand still although it has something to do; default 60 s. */
  readonly stuckAfterMs?: number | undefined;
}

/** What was seen of the projections, judged by how long one may stand still. */
export type JudgeProjections = (stuckAfterMs: number) => readonly HealthCheck[];

/** What an app's health depends on. */
export interface HealthServices {
  readonly store: StoreHealth;
  /** Whether the app was told to stop. */
  readonly isStopping: () => boolean;
  /** Looks at the projections; fails where the database does. */
  readonly checkProjections: () => Promise<JudgeProjections>;
}

// Shorter than the patience of whoever asks, usually an orchestrator's probe.
const defaultTimeoutMs = 2_000;
// Longer than a restart of the database or a slow batch takes.
const defaultStuckAfterMs = 60_000;

/**
 * Says how an app is doing. No function fails, and each answers within its time-out, whatever the database does.
 *
 * - `live`: whether to let the process be; it asks nobody, so that a database that is away restarts no app
 * - `ready`: whether to send it work
 * - `progress`: whether its background work gets ahead
 */
export class Health {
  readonly #services: HealthServices;
  // A database that does not answer is asked once, however often somebody wants to know.
  #asking: Promise<readonly HealthCheck[]> | undefined;
  #looking: Promise<JudgeProjections> | undefined;

  constructor(services: HealthServices) {
    this.#services = services;
  }

  /** Whether the process runs. */
  async live(): Promise<HealthReport> {
    return reportOf([{ name: 'process', status: 'ok' }]);
  }

  /** Whether the app can do its work now: it was not stopped, and the database answers, takes writes and has its schema. */
  async ready({ timeoutMs = defaultTimeoutMs }: ReadyOptions = {}): Promise<HealthReport> {
    checkTimeout('timeoutMs', timeoutMs);
    const app = this.#checkApp();
    if (app.status === 'failing') return reportOf([app]);
    this.#asking ??= this.#checkDatabase().finally(() => (this.#asking = undefined));
    return reportOf([
      app,
      ...(await within(timeoutMs, this.#asking, () => [noAnswer('database', timeoutMs)])),
    ]);
  }

  /** Whether each projection gets ahead, and whether appends do. */
  async progress(options: ProgressOptions = {}): Promise<HealthReport> {
    const { timeoutMs = defaultTimeoutMs, stuckAfterMs = defaultStuckAfterMs } = options;
    checkTimeout('timeoutMs', timeoutMs);
    const appends = checkAppends(this.#services.store.activity(), stuckAfterMs);
    this.#looking ??= this.#lookAtProjections().finally(() => (this.#looking = undefined));
    const late = (): JudgeProjections => () => [noAnswer('projections', timeoutMs)];
    const judge = await within(timeoutMs, this.#looking, late);
    return reportOf([appends, ...judge(stuckAfterMs)]);
  }

  #checkApp(): HealthCheck {
    if (!this.#services.isStopping()) return { name: 'app', status: 'ok' };
    return { name: 'app', status: 'failing', message: 'The app was told to stop.' };
  }

  async #checkDatabase(): Promise<readonly HealthCheck[]> {
    try {
      const state = await this.#services.store.state();
      return [checkWritable(state), checkMigrations(state)];
    } catch (error) {
      return [failed('database', error)];
    }
  }

  async #lookAtProjections(): Promise<JudgeProjections> {
    try {
      return await this.#services.checkProjections();
    } catch (error) {
      return () => [failed('projections', error)];
    }
  }
}

function checkWritable({ isWritable }: StoreState): HealthCheck {
  if (isWritable) return { name: 'database', status: 'ok' };
  return { name: 'database', status: 'failing', message: 'The database answers, but takes no writes.' };
}

/* A newer schema is no failure: while a release is rolled out, the old nodes are the ones that serve. */
function checkMigrations({ missingMigrations, isNewer }: StoreState): HealthCheck {
  if (missingMigrations.length > 0) {
    const message = `The schema lacks the migrations ${missingMigrations.join(', ')}.`;
    return { name: 'migrations', status: 'failing', message };
  }
  if (!isNewer) return { name: 'migrations', status: 'ok' };
  const message = 'A newer release has changed the schema.';
  return { name: 'migrations', status: 'degraded', message };
}

function checkAppends(activity: StoreActivity, stuckAfterMs: number): HealthCheck {
  const { appendsWaiting, callsInFlight, appendsStillMs } = activity;
  const facts = { appendsWaiting, callsInFlight, stillMs: Math.round(appendsStillMs) };
  if (appendsStillMs <= stuckAfterMs) return { name: 'appends', status: 'ok', facts };
  const message = `No append was answered for ${facts.stillMs} ms, although some wait.`;
  return { name: 'appends', status: 'failing', message, facts };
}

function noAnswer(name: string, timeoutMs: number): HealthCheck {
  return { name, status: 'failing', message: `The database did not answer within ${timeoutMs} ms.` };
}

function failed(name: string, error: unknown): HealthCheck {
  const message = 'The database could not be asked.';
  return { name, status: 'failing', message, facts: { error: errorType(error) } };
}
