import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const page = join(import.meta.dirname, '../../docs/explanation/promises.md');

/* That the files exist is checked with all other links of the documents. */
test('Every promise of the store names a test that proves it, or says that there is none yet', () => {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| ([WR]\d+) [^|]*\| ([^|]*)\|$/gm);
  const proofs = new Map([...rows].map(([, promise, proof]) => [promise, proof!]));
  const writing = Array.from({ length: 12 }, (_value, index) => `W${index + 1}`);
  const reading = Array.from({ length: 20 }, (_value, index) => `R${index + 1}`);
  expect([...proofs.keys()]).toEqual([...writing, ...reading]);
  for (const proof of proofs.values()) expect(proof).toMatch(/\.test\.ts\)|not yet/);
});
