import { describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WrongUsage, readCommandLine } from './command-line.ts';

describe('the command line', () => {
  test.each([
    [[], { name: expect.stringMatching(/data.shop$/), sameAgain: 'npm start' }],
    [['--store', 'memory'], { name: 'memory', sameAgain: undefined }],
    [['--store', './somewhere'], { name: './somewhere', sameAgain: 'npm start -- --store ./somewhere' }],
    [
      ['--store=postgres://ada:secret@db:5432/shop'],
      { name: 'postgres://db:5432/shop', sameAgain: 'npm start -- --store postgres://...' },
    ],
  ])('understands %j', (args, expected) => {
    expect(readCommandLine(args)).toMatchObject(expected);
  });

  test.each([['--help'], ['-h']])('understands %s', option => {
    expect(readCommandLine([option])).toBe('help');
  });

  test('understands where to serve', () => {
    expect(readCommandLine(['--serve'])).toMatchObject({ servesAt: 8011 });
    expect(readCommandLine(['--serve', '--port', '0'])).toMatchObject({ servesAt: 0 });
    expect(readCommandLine([])).toMatchObject({ servesAt: undefined });
  });

  test.each([
    [['--serve', '--port', 'x']],
    [['--shop']],
    [['--store']],
    [['--store', '']],
    [['--store', 'redis://db']],
    [['day']],
  ])('refuses %j', args => expect(() => readCommandLine(args)).toThrow(WrongUsage));
});

describe('the command', () => {
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    return spawnSync(process.execPath, ['--import', 'tsx', main, ...args], {
      encoding: 'utf8',
      timeout: 240_000,
    });
  };

  test('works through a day, shows it and ends well', () => {
    const { status, stdout, stderr } = run('--store', 'memory');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    for (const part of [
      'Day 1: Monday',
      'Catalog',
      'Orders per customer',
      'Revenue per day',
      'as it was at 12:00',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(100);
  });

  test('goes on with the next day where the last start ended', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'annals-shop-'));
    try {
      for (const day of ['Day 1: Monday', 'Day 2: Tuesday']) {
        const { status, stdout, stderr } = run('--store', folder);
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(stdout).toContain(day);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('serves the shop after the day until it is interrupted, and ends well', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const args = ['--import', 'tsx', main, '--store', 'memory', '--serve', '--port', '0'];
    const child = spawn(process.execPath, args);
    try {
      let output = '';
      let url: string | undefined;
      for await (const chunk of child.stdout) {
        output += String(chunk);
        url = /open at (http:\/\/[\d.:]+\d)/.exec(output)?.[1];
        if (url !== undefined) break;
      }
      expect(output).toContain('Revenue per day');
      const stats = (await (await fetch(`${url!}/api/v1/events/stats`)).json()) as { total: number };
      expect(stats.total).toBeGreaterThan(100);
      const registered = await fetch(`${url!}/api/v1/commands/register-customer`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{ "customerId": "ada", "name": "Ada", "email": "ada@example.org" }',
      });
      expect(registered.status).toBe(200);
      const orders = await fetch(`${url!}/api/v1/queries/orders-of-customer?customerId=customer-17`);
      expect(await orders.json()).toMatchObject({ result: [{ status: expect.any(String) }] });
      child.kill('SIGINT');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('ends with 2 and the help when it is used wrongly', () => {
    const { status, stdout, stderr } = run('--shop');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/--shop[^]*Usage: npm start/);
  });

  test('ends with 1 and a message, without a stack, when the store cannot be reached', () => {
    const { status, stderr } = run('--store', 'postgres://127.0.0.1:1/nothing');
    expect(status).toBe(1);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr.trim()).not.toBe('');
  });
});
