/** `degraded` works, and wants somebody to look; `failing` does not do what it is for. */
export type HealthStatus = 'ok' | 'degraded' | 'failing';

/** One thing that was looked at. */
export interface HealthCheck {
  readonly name: string;
  readonly status: HealthStatus;
  /** What is wrong; undefined where nothing is. */
  readonly message?: string | undefined;
  /** What was found, in plain JSON. */
  readonly facts?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** What was looked at, and the worst of it. */
export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
}

const byGravity: readonly HealthStatus[] = ['ok', 'degraded', 'failing'];

/** A report of these checks; it is as well as the worst of them. */
export function reportOf(checks: readonly HealthCheck[]): HealthReport {
  const worst = Math.max(0, ...checks.map(({ status }) => byGravity.indexOf(status)));
  return { status: byGravity[worst]!, checks };
}
