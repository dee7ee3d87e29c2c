import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { WrongUsage, readCommandLine } from './command-line.ts';

const tokens = { ANNALS_JWT_ISSUER: 'i', ANNALS_JWT_AUDIENCE: 'a', ANNALS_JWT_SECRET: 's' };

describe('the command line of the service', () => {
  test('takes a port, and tokens from the environment', () => {
    expect(readCommandLine(['--store', 'memory', '--port', '0'], tokens)).toMatchObject({
      serve: { port: 0, access: { issuer: 'i', audience: 'a', secret: 's' } },
    });
    expect(readCommandLine(['--anonymous'], {})).toMatchObject({
      serve: { port: 8011, access: 'anonymous' },
    });
    expect(readCommandLine(['--help'], {})).toBe('help');
  });

  test.each([
    [['--port', '70000', '--anonymous']],
    [['--port', 'x', '--anonymous']],
    [['--store', 'redis://db', '--anonymous']],
    [['--store', 'memory']],
    [['--secret', 'x']],
  ])('refuses %j', args => {
    expect(() => readCommandLine(args, {})).toThrow(WrongUsage);
  });
});

describe('the service', () => {
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  async function start(...args: string[]): Promise<{ child: ChildProcess; url: string }> {
    const main = join(import.meta.dirname, 'main.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', main, '--port', '0', '--anonymous', ...args]);
    running.push(child);
    for await (const chunk of child.stdout) {
      const url = /http:\/\/[\d.:]+/.exec(String(chunk))?.[0];
      if (url !== undefined) return { child, url };
    }
    throw new Error('It ended before it served.');
  }

  test('keeps what was posted over a restart, and ends well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'annals-service-'));
    const event = { event_type: 'task.completed', aggregate_type: 'task', aggregate_id: 't-1', payload: {} };
    try {
      const first = await start('--store', folder);
      const posted = await fetch(`${first.url}/events/`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify(event),
      });
      expect(posted.status).toBe(201);
      const metrics = await (await fetch(`${first.url}/metrics`)).text();
      expect(metrics).toMatch(/^annals_append_events_total\b.* 1$/m);
      first.child.kill('SIGTERM');
      expect(await once(first.child, 'exit')).toEqual([0, null]);
      const second = await start('--store', folder);
      const found = (await (await fetch(`${second.url}/events/`)).json()) as { events: unknown[] };
      expect(found.events).toEqual([await posted.json()]);
      second.child.kill('SIGINT');
      expect(await once(second.child, 'exit')).toEqual([0, null]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
