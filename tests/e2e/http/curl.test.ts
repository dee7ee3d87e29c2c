import { describe, expect, test } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve } from './support/serve.ts';
import type { Json } from './support/serve.ts';
import { tokenAccess, tokenOf } from './support/tokens.ts';

/* What services that post and read events have in their scripts already; only host and token are changed. */

// Where there is no curl, a shell function of that name does what the scripts ask of it.
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const standIn = `curl() { "${process.execPath}" "${join(import.meta.dirname, 'support/curl.mjs')}" "$@"; }`;

async function run(script: string, environment: NodeJS.ProcessEnv = {}): Promise<Json> {
  const env = { ...process.env, ...environment };
  const { stdout } = await promisify(execFile)('sh', ['-c', hasCurl ? script : `${standIn}\n${script}`], {
    env,
  });
  return JSON.parse(stdout);
}

const createAgent = `curl -X POST http://localhost:8011/events/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "event_type": "agent.created",
    "aggregate_type": "agent",
    "aggregate_id": "550e8400-e29b-41d4-a716-446655440000",
    "payload": {
      "name": "explore-agent",
      "agent_type": "exploration"
    },
    "metadata": {
      "session_id": "session-123",
      "correlation_id": "corr-456"
    },
    "version": 1
  }'`;

const completeTask = `curl -X POST http://localhost:8011/events/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "event_type": "task.completed",
    "aggregate_type": "task",
    "aggregate_id": "660e8400-e29b-41d4-a716-446655440001",
    "payload": {
      "status": "success",
      "duration_ms": 1250,
      "output_lines": 42
    },
    "metadata": {
      "agent_id": "550e8400-e29b-41d4-a716-446655440000"
    },
    "version": 1
  }'`;

const executePlan = `curl -X POST http://localhost:8011/events/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "event_type": "plan.executed",
    "aggregate_type": "plan",
    "aggregate_id": "770e8400-e29b-41d4-a716-446655440002",
    "payload": {
      "steps_completed": 5,
      "steps_total": 5,
      "success": true
    },
    "metadata": {"executor": "orchestrator-1"},
    "version": 1
  }'`;

const createProduct = `curl -X POST http://localhost:8000/api/v1/events \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "event_type": "product.created",
    "aggregate_type": "product",
    "aggregate_id": "123e4567-e89b-12d3-a456-426614174000",
    "data": {
      "sku": "SUBM-05HP-DOM-SS-50LPM-20M",
      "name": "0.5HP Submersible Pump",
      "base_price": 5999.00
    },
    "created_by": "user:test"
  }'`;

describe('curl, as it is in use,', () => {
  const at = (script: string, url: string): string =>
    script.replaceAll(/http:\/\/localhost:80(11|00)/g, url.replace('127.0.0.1', 'localhost'));

  test('posts events and finds them', async () => {
    const { url } = await serve({ host: 'localhost' });
    const curl = (script: string): Promise<Json> => run(at(script, url));
    const created = await curl(createAgent);
    const completed = await curl(completeTask);
    const executed = await curl(executePlan);
    expect(created).toMatchObject({
      correlation_id: 'corr-456',
      metadata: { session_id: 'session-123' },
      version: 1,
    });
    expect(created.payload).toEqual({ name: 'explore-agent', agent_type: 'exploration' });
    expect(completed.payload).toEqual({ status: 'success', duration_ms: 1250, output_lines: 42 });
    const found = async (query: string): Promise<unknown> =>
      (await curl(`curl "http://localhost:8011${query}"`)).events;
    const id = '550e8400-e29b-41d4-a716-446655440000';
    expect(await found(`/events/?aggregate_type=agent&aggregate_id=${id}`)).toEqual([created]);
    expect(await found('/events/?event_type=task.completed&limit=50')).toEqual([completed]);
    expect(await found(`/events/?aggregate_id=${id}`)).toEqual([created]);
    expect(await found('/events/?aggregate_type=agent')).toEqual([created]);
    expect(await found('/events/?event_type=agent.created')).toEqual([created]);
    expect(await found('/events/?limit=10&offset=20')).toEqual([]);
    expect(await found('/events/?limit=1&offset=2')).toEqual([executed]);
    expect(await curl(`curl http://localhost:8011/events/${executed.id}`)).toEqual(executed);
    const unknown = await curl('curl http://localhost:8011/events/880e8400-e29b-41d4-a716-446655440003');
    expect(unknown).toMatchObject({ status: 404 });
  });

  test('posts an event with a token, and asks for the status', async () => {
    const { url } = await serve({ host: 'localhost', access: tokenAccess });
    const posted = await run(at(createProduct, url), { TOKEN: await tokenOf('test', ['writer']) });
    expect(posted).toMatchObject({
      data: { sku: 'SUBM-05HP-DOM-SS-50LPM-20M', name: '0.5HP Submersible Pump', base_price: 5999 },
      created_by: 'user:test',
      user_id: 'test',
    });
    const status = await run(at('curl http://localhost:8000/api/v1/status', url));
    expect(status.features).toMatchObject({ auth: 'active', database: 'active', events: 'active' });
  });
});
