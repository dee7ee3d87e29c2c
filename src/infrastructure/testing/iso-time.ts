import { ScenarioFailed } from './scenario-failed.ts';

/** A moment as ISO 8601. @throws {ScenarioFailed} it is none */
export function isoTime(time: Date | string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) {
    throw new ScenarioFailed(
      `"${String(time)}" is no time. Give a Date, or ISO 8601 such as '2026-01-31T12:00Z'.`,
    );
  }
  return date.toISOString();
}
