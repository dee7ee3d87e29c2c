import { deepStrictEqual, equal, rejects } from 'node:assert/strict';
import type { ReadModelCaseBody } from './read-models-under-test.ts';

const rich = {
  text: 'ü "quoted" \\ 🍵',
  none: null,
  numbers: [0, -1.5, 9_007_199_254_740_991],
  nested: { deep: [{ isDeep: true }] },
};

/** Documents, one by one and in transactions. */
export const documentCases: Readonly<Record<string, ReadModelCaseBody>> = {
  async 'finds no documents where none were saved'(subject) {
    const build = await subject.build();
    deepStrictEqual(await subject.store.getDocuments(build, ['a']), []);
    deepStrictEqual(await subject.store.findDocuments(build, {}), { documents: [], nextCursor: undefined });
    equal(await subject.store.countDocuments(build), 0);
  },
  async 'gives a document back as it was saved, with version and position'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: rich }, 7);
    const stored = { id: 'a', document: rich, version: 7, position: 7 };
    deepStrictEqual(await subject.store.getDocuments(build, ['a']), [stored]);
    deepStrictEqual((await subject.store.findDocuments(build, {})).documents, [stored]);
  },
  async 'replaces a document as a whole'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: { first: 1 } }, 1);
    await subject.save(build, { a: { second: 2 } }, 2);
    deepStrictEqual(await subject.store.getDocuments(build, ['a']), [
      { id: 'a', document: { second: 2 }, version: 2, position: 2 },
    ]);
  },
  async 'removes a document, and takes it back again'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: { n: 1 }, b: { n: 2 } }, 1);
    await subject.save(build, { a: null }, 2);
    deepStrictEqual(await subject.documents(build), { b: { n: 2 } });
    await subject.save(build, { a: { n: 3 } }, 3);
    deepStrictEqual(await subject.documents(build), { a: { n: 3 }, b: { n: 2 } });
  },
  async 'removes a document that does not exist without a word'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: null });
    deepStrictEqual(await subject.documents(build), {});
  },
  async 'gives of the documents that are asked for those that exist'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: { n: 1 }, b: { n: 2 } });
    const found = await subject.store.getDocuments(build, ['b', 'x', 'a']);
    deepStrictEqual([...subject.idsOf(found)].sort(), ['a', 'b']);
    deepStrictEqual(await subject.store.getDocuments(build, []), []);
  },
  async 'loads in a transaction what it has saved before'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: { n: 1 }, b: { n: 1 } });
    const loaded = await subject.store.transaction(async transaction => {
      await transaction.saveDocuments(build, [{ id: 'a', json: '{"n":2}', version: 2, position: 2 }]);
      return transaction.loadDocuments(build, ['a', 'b', 'x']);
    });
    deepStrictEqual([...loaded].sort(), [
      ['a', { n: 2 }],
      ['b', { n: 1 }],
    ]);
  },
  async 'keeps nothing of a transaction that fails'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: { n: 1 } });
    const failing = subject.store.transaction(async transaction => {
      await transaction.saveDocuments(build, [
        { id: 'a', json: null, version: 2, position: 2 },
        { id: 'b', json: '{}', version: 2, position: 2 },
      ]);
      throw new RangeError('on purpose');
    });
    await rejects(failing, RangeError);
    deepStrictEqual(await subject.documents(build), { a: { n: 1 } });
  },
  async 'takes back what a failed attempt wrote, and nothing else'(subject) {
    const build = await subject.build();
    await subject.store.transaction(async transaction => {
      const save = (id: string): Promise<void> =>
        transaction.saveDocuments(build, [{ id, json: '{}', version: 1, position: 1 }]);
      await save('before');
      const attempt = transaction.attempt(async () => {
        await save('within');
        throw new RangeError('on purpose');
      });
      await rejects(attempt, RangeError);
      await save('after');
    });
    deepStrictEqual(await subject.documents(build), { before: {}, after: {} });
  },
  async 'keeps projections, and builds of one projection, apart'(subject) {
    const [one, other] = [await subject.build(), await subject.build()];
    const beside = await subject.build('documents', one.name, 2);
    await subject.save(one, { a: { n: 1 } });
    await subject.save(beside, { a: { n: 2 } });
    deepStrictEqual(await subject.documents(one), { a: { n: 1 } });
    deepStrictEqual(await subject.documents(beside), { a: { n: 2 } });
    deepStrictEqual(await subject.documents(other), {});
  },
  async 'gives every reader documents of its own'(subject) {
    const build = await subject.build();
    await subject.save(build, { a: { list: [1] } });
    const [first] = await subject.store.getDocuments(build, ['a']);
    (first!.document as { list: number[] }).list.push(2);
    deepStrictEqual(await subject.documents(build), { a: { list: [1] } });
  },
};
