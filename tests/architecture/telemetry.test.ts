import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { instruments, observedInstruments } from '../../src/application/telemetry/instruments.ts';

const page = join(import.meta.dirname, '../../docs/reference/telemetry.md');

test('docs/reference/telemetry.md lists every metric with its unit, and no other', () => {
  const rows = readFileSync(page, 'utf8').matchAll(
    /^\| `(annals[\w.]+)` +\| (?:histogram|counter|gauge) +\| `(\S+)` +\|/gm,
  );
  const listed = [...rows].map(([, name, unit]) => `${name} ${unit}`);
  const measured = [...Object.values(instruments), ...Object.values(observedInstruments)];
  expect(listed.sort()).toEqual(measured.map(({ name, unit }) => `${name} ${unit}`).sort());
});
