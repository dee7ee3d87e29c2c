import type pg from 'pg';
import type { StreamAppend } from '../../../src/application/ports/event-store.ts';
import { prepareAppend } from '../../../src/application/events/prepare-append.ts';
import { callFor } from '../../../src/infrastructure/postgres/append-call.ts';
import type { UnitOutcome } from '../../../src/infrastructure/postgres/append-outcomes.ts';
import { Statements } from '../../../src/infrastructure/postgres/statements.ts';
import { testServices } from '../../support/stores.ts';

/** Appends on a connection of the caller's, inside whatever transaction is open there. */
export async function appendOn(
  client: pg.Client | pg.PoolClient,
  schema: string,
  appends: readonly StreamAppend[],
): Promise<UnitOutcome> {
  const call = callFor([{ prepared: prepareAppend(appends, {}, testServices()), probe: false }]);
  const { rows } = await client.query<string[]>({
    ...new Statements(schema).get('append_events'),
    values: [...call.parameters],
    rowMode: 'array',
    types: { getTypeParser: () => (value: unknown) => value },
  });
  return call.read(rows[0]!)[0]!;
}
