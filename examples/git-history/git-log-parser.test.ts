import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UnreadableLog } from './errors.ts';
import type { GitCommit } from './git-commit.ts';
import { GitLogParser } from './git-log-parser.ts';
import { splitAtNul } from './split-at-nul.ts';

const header = ['', 'c1', 'p1 p2', 'Ada', 'ada@x.org', '1', '2', 'Subject'];

function parse(fields: readonly (string | Buffer)[]): readonly GitCommit[] {
  const parser = new GitLogParser();
  const commits = fields.map(field => parser.push(Buffer.from(field as string)));
  return [...commits, parser.end()].filter(commit => commit !== undefined);
}

describe('GitLogParser', () => {
  test('reads a commit with its changes', () => {
    const entries = ['\n:000000 100644 00 aa A', 'new', ':100644 000000 bb 00 D', 'gone'];
    expect(parse([...header, ...entries])).toEqual([
      {
        hash: 'c1',
        parents: ['p1', 'p2'],
        author: 'Ada <ada@x.org>',
        authoredAt: '1970-01-01T00:00:01.000Z',
        committedAt: '1970-01-01T00:00:02.000Z',
        subject: 'Subject',
        changes: [
          { status: 'A', path: 'new', mode: '100644', blob: 'aa' },
          { status: 'D', path: 'gone', mode: '100644', blob: 'bb' },
        ],
      },
    ]);
  });

  test('takes another type of entry for a modification', () => {
    const [commit] = parse([...header, ':100644 120000 aa bb T', 'link']);
    expect(commit?.changes).toEqual([{ status: 'M', path: 'link', mode: '120000', blob: 'bb' }]);
  });

  test('is not misled by paths and subjects that look like something else', () => {
    const misleading = ['', 'c2', '', '', '', '', '', ':100644'];
    const commits = parse([...misleading, '\n:000000 100644 00 aa A', ':x', ...header]);
    expect(commits.map(({ hash, changes }) => [hash, changes.length])).toEqual([
      ['c2', 1],
      ['c1', 0],
    ]);
  });

  test('reads names that are not UTF-8 as Latin-1, and shortens endless ones', () => {
    const [commit] = parse(['', 'c1', '', Buffer.from('Andr\xe9', 'latin1'), '', '1', '2', '😀'.repeat(400)]);
    expect(commit?.author).toBe('André <>');
    expect(commit?.subject).toHaveLength(500);
    expect(commit?.subject.isWellFormed()).toBe(true);
  });

  test('gives a time beyond all calendars as the beginning of time', () => {
    const [commit] = parse(['', 'c1', '', '', '', '99999999999999', 'x', '']);
    expect(commit?.authoredAt).toBe('1970-01-01T00:00:00.000Z');
  });

  test('refuses a status that no finished commit has', () => {
    const entry = [...header, ':100644 100644 aa bb U', 'conflict'];
    expect(() => parse(entry)).toThrow(UnreadableLog);
    expect(() => parse(entry)).toThrow('"conflict" has status "U"');
  });

  test.each([[['', 'c1']], [[...header, ':100644 100644 aa bb M']], [['nonsense']]])(
    'refuses output that is cut or not a log: %j',
    fields => {
      expect(() => parse(fields)).toThrow(UnreadableLog);
    },
  );
});

describe('splitAtNul', () => {
  test('finds the same fields however the bytes are cut', async () => {
    const fields = fc.array(fc.string({ unit: 'grapheme-ascii' }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fields, fc.integer({ min: 1, max: 9 }), async (expected, size) => {
        const bytes = Buffer.from(expected.map(field => `${field}\0`).join(''));
        const found: string[] = [];
        for await (const batch of splitAtNul(cut(bytes, size))) found.push(...batch.map(String));
        expect(found).toEqual(expected);
      }),
    );
  });
});

async function* cut(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}
