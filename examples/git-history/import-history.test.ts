import { afterAll, describe, expect, test } from '@jest/globals';
import type { EventStore, Recorded } from 'annals';
import { createApp, memory } from 'annals/di';
import type { App } from 'annals/di';
import { HistoryDiverged, ImportOvertaken, UnknownBranch } from './errors.ts';
import { gitHistory } from './git-history-module.ts';
import { importHistory } from './import-history.ts';
import type { ImportOptions, ImportResult } from './import-history.ts';
import { loadProgress } from './load-progress.ts';
import { treeAt } from './replay-trees.ts';
import { eventfulRepository } from './test-support/eventful-repository.ts';
import { ScratchRepository, put } from './test-support/scratch-repository.ts';
import { TrackedFile } from './tracked-file.ts';

const repository = eventfulRepository();
const whole = await newApp();
await importHistory(whole, { repository: repository.path });

afterAll(async () => {
  await whole.stop();
  repository[Symbol.dispose]();
});

function newApp(): Promise<App> {
  return createApp({ store: memory(), modules: [gitHistory] });
}

async function listingOf(app: App, number: number): Promise<readonly string[]> {
  const tree = await treeAt(app.events, number);
  return tree.sorted().map(([path, { mode, blob }]) => `${mode} ${blob}\t${path}`);
}

/* What is stored, without what differs from run to run. */
async function storedEvents(app: App): Promise<readonly unknown[]> {
  const events: Recorded[] = [];
  for await (const event of app.events.readFeed()) {
    if (event.aggregateType !== 'import') events.push(event);
  }
  const key = ({ aggregateType, aggregateId, version }: Recorded): string =>
    `${aggregateType}/${aggregateId}/${String(version).padStart(9, '0')}`;
  const sorted = events.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return sorted.map(event => [key(event), event.type, event.payload]);
}

/* Imports one append at a time, each in an import of its own that is stopped after it. */
async function importInPieces(app: App, options: Omit<ImportOptions, 'signal'>): Promise<number> {
  for (let interruptions = 0; ; interruptions++) {
    const stop = new AbortController();
    let calls = 0;
    const onProgress = (): void => {
      calls++;
      if (calls === 2) stop.abort();
    };
    const run = importHistory(app, { ...options, signal: stop.signal, onProgress });
    const isDone = await run.then(
      () => true,
      () => false,
    );
    if (isDone) return interruptions;
  }
}

describe('importHistory', () => {
  test.each([
    ['in one chunk', {}],
    ['in chunks that share paths', { chunkEvents: 12 }],
    ['commit by commit', { chunkEvents: 1 }],
    ['with commits cut into pieces', { chunkEvents: 1, appendLimit: 1 }],
  ])('gives the files of every commit when imported %s', async (_how, options) => {
    await using app = await newApp();
    await importHistory(app, { repository: repository.path, ...options });
    for (const [index, commit] of repository.line().entries()) {
      expect([commit, await listingOf(app, index + 1)]).toEqual([commit, repository.listing(commit)]);
    }
  });

  test('imports repositories of SHA-256 hashes', async () => {
    using modern = eventfulRepository('--object-format=sha256');
    await using app = await newApp();
    await importHistory(app, { repository: modern.path });
    const last = modern.line().at(-1)!;
    expect(last).toHaveLength(64);
    expect(await listingOf(app, modern.line().length)).toEqual(modern.listing(last));
  });

  test.each([
    ['between commits', { chunkEvents: 4 }],
    ['within commits', { chunkEvents: 1, appendLimit: 2 }],
  ])('goes on after interruptions %s and doubles nothing', async (_where, options) => {
    await using app = await newApp();
    const interruptions = await importInPieces(app, { repository: repository.path, ...options });
    expect(interruptions).toBeGreaterThan(5);
    expect(await storedEvents(app)).toEqual(await storedEvents(whole));
    expect((await loadProgress(app)).state).toEqual((await loadProgress(whole)).state);
  });

  test('takes up what was committed since, and then has nothing to do', async () => {
    using growing = new ScratchRepository();
    await using app = await newApp();
    growing.commit({ changes: [put('a', '1')] });
    const first = await importHistory(app, { repository: growing.path });
    const tip = growing.commit({ changes: [put('a', '2')] });
    const second = await importHistory(app, { repository: growing.path, branch: 'main' });
    const third = await importHistory(app, { repository: growing.path });
    const counts = ({ before, after }: ImportResult): number[] => [before.commits, after.commits];
    expect([first, second, third].map(counts)).toEqual([
      [0, 1],
      [1, 2],
      [2, 2],
    ]);
    expect(third.after).toEqual({ lastCommit: tip, commits: 2, fileEvents: 2, unfinished: null });
  });

  test.each([
    ['at whole commits', { chunkEvents: 10 }],
    ['within a commit', { chunkEvents: 1, appendLimit: 1 }],
  ])('stops when another import was faster %s, and doubles nothing', async (_where, chunks) => {
    await using app = await newApp();
    const options = { repository: repository.path, ...chunks };
    let overtake = (): void => undefined;
    const loaded = new Promise<void>(resolve => (overtake = resolve));
    const other = loaded.then(() => importHistory(app, options));
    const appendMany: EventStore['appendMany'] = async (...args) => {
      await other;
      return app.events.appendMany(...args);
    };
    const slow = { ...app, events: { appendMany } as EventStore };
    await expect(importHistory(slow, { ...options, onProgress: () => overtake() })).rejects.toThrow(
      ImportOvertaken,
    );
    expect(await storedEvents(app)).toEqual(await storedEvents(whole));
  });

  test('refuses a history that does not continue the stored one', async () => {
    using growing = new ScratchRepository();
    await using app = await newApp();
    growing.commit({ changes: [put('a', '1')] });
    growing.commit({ branch: 'side', from: 'main', changes: [put('a', 'side')] });
    await importHistory(app, { repository: growing.path, branch: 'side' });
    growing.commit({ merge: 'side', changes: [put('b', '1')] });
    const stored = await storedEvents(app);
    const error = importHistory(app, { repository: growing.path, branch: 'main' });
    await expect(error).rejects.toThrow('not on the first-parent line of main');
    await expect(importHistory(app, { repository: repository.path })).rejects.toThrow(HistoryDiverged);
    growing.git('reset', '--quiet', '--hard', 'side~1');
    await expect(importHistory(app, { repository: growing.path })).rejects.toThrow(HistoryDiverged);
    expect(await storedEvents(app)).toEqual(stored);
  });

  test('names a branch that is not there', async () => {
    await using app = await newApp();
    const run = importHistory(app, { repository: repository.path, branch: 'nowhere' });
    await expect(run).rejects.toThrow(UnknownBranch);
  });

  test('gives the state of one file at any of its versions', async () => {
    const content = async (toVersion: number): Promise<string | undefined> =>
      (await whole.replay.rebuildAggregate(TrackedFile, 'link', { toVersion })).content?.mode;
    expect([await content(1), await content(2)]).toEqual(['120000', '100644']);
    const { content: gone } = await whole.replay.rebuildAggregate(TrackedFile, 'README/index');
    expect(gone).toBeUndefined();
  });
});
