import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { onAbort } from '../../../src/application/on-abort.ts';

// In a process of its own: jest keeps warnings to itself.
const program = `
  import { onAbort } from '${new URL('../../../src/application/on-abort.ts', import.meta.url).href}';
  const shutdown = new AbortController();
  let ended = 0;
  for (let wait = 0; wait < 100; wait++) onAbort(shutdown.signal, () => ended++);
  shutdown.abort();
  console.log(ended);
`;

describe('A signal', () => {
  test('may end any number of waits without a warning of a leak', async () => {
    const flags = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, flags);
    expect({ stdout, stderr }).toEqual({ stdout: '100\n', stderr: '' });
  });

  test('ends no wait that is over', () => {
    const shutdown = new AbortController();
    let ended = 0;
    onAbort(shutdown.signal, () => ended++)();
    shutdown.abort();
    expect(ended).toBe(0);
  });
});
