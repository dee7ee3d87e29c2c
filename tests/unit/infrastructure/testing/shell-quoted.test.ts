import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { shellQuoted } from '../../../../src/infrastructure/testing/stories/shell-quoted.ts';

test('An argument comes through the shell as it is', () => {
  const given = ['costs $5', '`date`', "Ada's", 'a "b" c', '\\d+', '', '!x', 'a\nb'];
  const line = ['printf', "'%s\\0'", ...given.map(shellQuoted)].join(' ');
  expect(spawnSync(line, { shell: true, encoding: 'utf8' }).stdout.split('\0').slice(0, -1)).toEqual(given);
});
