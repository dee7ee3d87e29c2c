import { afterAll, describe, expect, test } from '@jest/globals';
import type { EventSerializer } from 'annals';
import fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { createApp, memory } from 'annals/di';
import { chooseSamples } from './choose-samples.ts';
import { compareTree } from './compare-tree.ts';
import { FileAdded, FileModified } from './file-events.ts';
import { gitHistory } from './git-history-module.ts';
import { importHistory } from './import-history.ts';
import { eventfulRepository } from './test-support/eventful-repository.ts';
import { Tree } from './tree.ts';
import { runVerify } from './verify-command.ts';
import { verifyHistory } from './verify-history.ts';

const repository = eventfulRepository();
afterAll(() => repository[Symbol.dispose]());

describe('verifyHistory', () => {
  test('finds no difference at any commit of an import', async () => {
    await using app = await createApp({ store: memory(), modules: [gitHistory] });
    const { after } = await importHistory(app, { repository: repository.path, chunkEvents: 7 });
    const found = await verifyHistory(app, {
      repository: repository.path,
      state: after,
      samples: 1_000,
      seed: 1,
    });
    const files = repository.line().map(commit => repository.listing(commit).length);
    const entries = files.reduce((sum, count) => sum + count, 0);
    expect(found).toEqual({ samples: files.length, entries, differences: [], problems: [] });
  });

  test('finds a wrong blob at every commit that has it, and ends with a failure', async () => {
    await using app = await createApp({ store: memory(), modules: [gitHistory] });
    const falsify = (event: object): object =>
      event instanceof FileAdded && event.path === 'src/a.ts'
        ? new FileAdded(Object.assign(event, { blob: 'bad' }))
        : event;
    const serialize: EventSerializer['serialize'] = event => app.serializer.serialize(falsify(event));
    const falsifying = { ...app, serializer: { serialize } as EventSerializer };
    await importHistory(falsifying, { repository: repository.path, chunkEvents: 7 });
    const out = new PassThrough();
    const command = { repository: repository.path, branch: undefined, samples: 99, seed: 1, store: 'memory' };
    expect(await runVerify(app, command, { out, notes: new PassThrough() })).toBe(false);
    const lines = String(out.read()).split('\n');
    const [first] = repository.line();
    const blob = repository.git('rev-parse', `${first}:src/a.ts`).toString().trim();
    expect(lines[0]).toBe(`${first} src/a.ts: 100644 bad in the store, 100644 ${blob} in git`);
    expect(lines.slice(10, 12)).toEqual([
      'and 3 more',
      expect.stringContaining('13 differences, 0 wrong counts.'),
    ]);
  });

  test('finds an event too many', async () => {
    await using app = await createApp({ store: memory(), modules: [gitHistory] });
    const { after } = await importHistory(app, { repository: repository.path });
    const fields = { path: 'src/a.ts', mode: '100644', blob: 'bad', commit: '', commitNumber: 1 };
    const event = app.serializer.serialize(new FileModified({ ...fields, author: '', time: '' }));
    const stream = { aggregateType: 'file', aggregateId: 'src/a.ts' };
    await app.events.append({ stream, expectedVersion: 'exists', events: [event] });
    const options = { repository: repository.path, state: after, samples: 3, seed: 1 };
    expect((await verifyHistory(app, options)).problems).toEqual([
      `The import counted ${after.fileEvents} file events of ${after.fileEvents + 1}.`,
      `The commits have ${after.fileEvents} file events, the store has ${after.fileEvents + 1}.`,
    ]);
  });
});

describe('compareTree', () => {
  test('tells what is wrong, missing and too much', () => {
    const tree = new Tree();
    const fields = { mode: '100644', commit: '', commitNumber: 1, author: '', time: '' };
    tree.apply('file.added', { ...fields, path: 'same', blob: 'aa' });
    tree.apply('file.added', { ...fields, path: 'wrong', blob: 'aa' });
    tree.apply('file.added', { ...fields, path: 'extra', blob: 'aa' });
    const listing = Buffer.from(
      '100644 blob aa\tsame\x00100644 blob bb\twrong\x00120000 blob cc\tn\xe9\0',
      'latin1',
    );
    expect(compareTree(tree, listing)).toEqual([
      { path: 'wrong', inStore: { mode: '100644', blob: 'aa' }, inGit: { mode: '100644', blob: 'bb' } },
      { path: 'n%E9', inStore: undefined, inGit: { mode: '120000', blob: 'cc' } },
      { path: 'extra', inStore: { mode: '100644', blob: 'aa' }, inGit: undefined },
    ]);
  });
});

describe('chooseSamples', () => {
  test('chooses as many as asked for, the first and the last among them, and the same again', () => {
    const cases = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 2, max: 60 }), fc.nat());
    fc.assert(
      fc.property(cases, ([count, wanted, seed]) => {
        const chosen = chooseSamples(count, wanted, seed);
        expect(new Set(chosen).size).toBe(Math.min(count, wanted));
        expect([chosen[0], chosen.at(-1)]).toEqual([1, count]);
        expect([...chosen].sort((a, b) => a - b)).toEqual(chosen);
        expect(chooseSamples(count, wanted, seed)).toEqual(chosen);
      }),
    );
  });
});
