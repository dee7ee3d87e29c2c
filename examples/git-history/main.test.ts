import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { usage } from './command-line.ts';
import { main } from './main.ts';
import { eventfulRepository, latin1Path } from './test-support/eventful-repository.ts';
import { ScratchRepository, put, putGitlink } from './test-support/scratch-repository.ts';

const repository = eventfulRepository();
const folder = mkdtempSync(join(tmpdir(), 'git-history-store-'));
const store = join(folder, 'store');
afterAll(() => {
  repository[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

/* Runs a command; what it prints is given as binary strings. */
async function run(...args: readonly string[]): Promise<Outcome> {
  const written: Record<'out' | 'notes', Buffer[]> = { out: [], notes: [] };
  const into = (chunks: Buffer[]): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
  const code = await main(args, { out: into(written.out), notes: into(written.notes) });
  const [out, notes] = [written.out, written.notes].map(chunks => Buffer.concat(chunks).toString('latin1'));
  return { code, out: out!, notes: notes! };
}

describe('git-history on a folder', () => {
  test('asks for an import while there is none', async () => {
    const { code, out, notes } = await run('at', 'abcd', '--store', store);
    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain(`Import one first: import REPO --store ${store}\n`);
  });

  test('imports, tells how fast, and has nothing to do the second time', async () => {
    const first = await run('import', repository.path, '--store', store);
    expect([first.code, first.out]).toEqual([0, '']);
    expect(first.notes).toMatch(/Imported 13 commits: \d+ events in \d+\.\d s, [\d,]+ events\/s\./);
    const second = await run('import', repository.path, '--branch', 'main', '--store', store);
    expect(second.notes).toMatch(/^Nothing to import: the store is up to date with 13 commits/);
  });

  test('prints the files at a commit byte for byte with -z, by hash or its beginning', async () => {
    const [, second] = repository.line();
    const last = repository.line().at(-1)!;
    for (const commit of [second!, last]) {
      const expected = repository.listing(commit).map(entry => `${entry}\0`);
      const printed = await run('at', commit.slice(0, 12).toUpperCase(), '-z', '--store', store);
      expect(printed).toEqual({ code: 0, out: expected.join(''), notes: '' });
    }
  });

  test('prints one line a file without -z, paths encoded', async () => {
    const last = repository.line().at(-1)!;
    const { out } = await run('at', last, '--store', store);
    const lines = out.split('\n').slice(0, -1);
    expect(lines).toHaveLength(repository.listing(last).length);
    expect(lines.map(line => line.split('\t')[1])).toContain('caf%E9/%FF%FE.bin');
  });

  test('prints the history of a file, also of one that is not UTF-8', async () => {
    const { code, out } = await run('history', 'caf%E9/%FF%FE.bin', '--store', store);
    expect(code).toBe(0);
    const types = out.split('\n').map(line => line.split('  ')[2]);
    expect(types).toEqual(['file.added', 'file.deleted', 'file.added', undefined]);
    expect(latin1Path.toString('latin1')).toBe('caf\xe9/\xff\xfe.bin');
  });

  test('verifies the store against git', async () => {
    const { code, out } = await run(
      'verify',
      repository.path,
      '--samples',
      '5',
      '--seed',
      '7',
      '--store',
      store,
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^5 commits and \d+ files compared \(seed 7\): no difference\./);
  });

  test.each([
    [['at', 'ffffffff'], 'holds no commit "ffffffff"'],
    [['at', 'main'], 'holds no commit "main"'],
    [['history', 'nowhere'], 'holds no file "nowhere"'],
  ])('says what it does not know: %j', async (args, problem) => {
    const { code, out, notes } = await run(...args, '--store', store);
    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain(problem);
  });
});

describe('git-history in memory', () => {
  test('verify imports first, compares every commit, and ends with 0', async () => {
    const { code, out } = await run('verify', repository.path, '--samples', '99', '--store', 'memory');
    expect(code).toBe(0);
    expect(out).toMatch(/^13 commits and \d+ files compared \(seed \d+\): no difference\./);
  });

  test('reports what git says of a folder that is no repository', async () => {
    const { code, notes } = await run('import', folder, '--store', 'memory');
    expect(code).toBe(1);
    expect(notes).toMatch(/^git rev-parse ended with code 128: fatal: not a git repository/);
  });

  test('says that a repository without commits has none', async () => {
    using empty = new ScratchRepository();
    const { code, notes } = await run('import', empty.path, '--store', 'memory');
    expect([code, notes]).toEqual([1, expect.stringContaining('has no commit on HEAD')]);
  });

  test('is not misled by the configuration of the user', async () => {
    using odd = new ScratchRepository();
    const settings = [
      'log.showRoot=false',
      'diff.renames=copies',
      'color.ui=always',
      'diff.ignoreSubmodules=all',
    ];
    for (const setting of settings) odd.git('config', ...setting.split('='));
    odd.commit({ changes: [put('a', '1'), putGitlink('vendor', '1'.repeat(40))] });
    odd.commit({ changes: [put('b', '1'), putGitlink('vendor', '2'.repeat(40))] });
    const { code } = await run('verify', odd.path, '--store', 'memory');
    expect(code).toBe(0);
  });
});

describe('the command line', () => {
  test('prints help', async () => {
    expect(await run('--help')).toEqual({ code: 0, out: Buffer.from(usage).toString('latin1'), notes: '' });
    expect((await run('import', '--help')).code).toBe(0);
  });

  test.each([
    [['frobnicate'], 'There is no command "frobnicate".'],
    [['import'], 'import takes exactly one argument.'],
    [['at', 'abcd', '--branch', 'main'], "Unknown option '--branch'"],
    [['verify', '.', '--samples', 'many'], '--samples is "many". Give a whole number from 1.'],
  ])('ends with 2 and shows the usage after %j', async (args, problem) => {
    const { code, out, notes } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(notes).toContain(problem);
    expect(notes).toContain('Usage: npm run git-history');
  });
});
