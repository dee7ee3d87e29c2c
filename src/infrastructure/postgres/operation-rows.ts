import type { Operation, RecordedOperation } from '../../application/ports/operation.ts';
import type { SqlRow, SqlRunner } from './sql-client.ts';
import type { Statements } from './statements.ts';

/** Adds what was done to the operations, in the transaction of the runner. */
export async function recordOperation(
  runner: SqlRunner,
  statements: Statements,
  { action, name, version, actor, reason, details }: Operation,
): Promise<void> {
  const json = details === undefined ? null : JSON.stringify(details);
  await runner.run(statements.get('record_operation'), [action, name, version, actor, reason, json]);
}

/** A row of `list_operations`. */
export function readOperation([
  action,
  name,
  version,
  actor,
  reason,
  details,
  atMs,
]: SqlRow): RecordedOperation {
  return {
    action: action!,
    name: name!,
    version: Number(version),
    actor: actor!,
    reason: reason!,
    details: details == null ? undefined : (JSON.parse(details) as Record<string, unknown>),
    at: new Date(Number(atMs)),
  };
}
