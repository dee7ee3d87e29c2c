import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PostgresServer } from '../support/postgres-server.mjs';
import { ProjectionRun } from './support/projections-run.ts';
import { faultSeconds, seedOfRun } from './support/random.ts';

const seed = seedOfRun();
const seconds = faultSeconds(15, 180);

/* A server of its own, because it is restarted and killed. */
let server: PostgresServer;

beforeAll(async () => {
  console.log(`The faults of this run repeat with ANNALS_FAULT_SEED=${seed}.`);
  server = await PostgresServer.create();
  await server.start();
});

afterAll(() => server.remove());

describe('Projections', () => {
  test(
    'equal a fold of the log, whatever happens to their nodes, their server and their builds',
    async () => {
      const run = await ProjectionRun.run({ server, nodes: 3, seed, seconds });
      const { problems, events, faults, operations } = run;
      console.log(`${events} events, seed ${seed}`, faults, operations);
      expect({ seed, problems }).toEqual({ seed, problems: [] });
      expect(events).toBeGreaterThan(100);
      expect(faults).toMatchObject({ killed: expect.any(Number), frozen: expect.any(Number) });
      expect(operations.done).toBeGreaterThan(0);
    },
    // Ends only what hangs.
    (seconds * 4 + 1_200) * 1_000,
  );
});
