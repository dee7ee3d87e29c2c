import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

function sourceFiles(): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts'),
  );
}

function codesInSource(): string[] {
  const codes = sourceFiles().flatMap(name => {
    const text = readFileSync(join(root, 'src', name), 'utf8');
    return [...text.matchAll(/readonly code(?:: string)? = '([a-z-]+)'/g)].map(match => match[1]!);
  });
  return codes.sort();
}

function codesInReference(): string[] {
  const text = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8');
  return [...text.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(match => match[1]!).sort();
}

describe('docs/reference/errors.md', () => {
  test('lists every error code, and no other', () => {
    expect(codesInReference()).toEqual(codesInSource());
  });

  test('knows no code twice', () => {
    expect(new Set(codesInSource()).size).toBe(codesInSource().length);
  });
});
