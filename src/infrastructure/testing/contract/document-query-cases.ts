import { deepStrictEqual, equal, rejects } from 'node:assert/strict';
import { InvalidQuery } from '../../../application/index.ts';
import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type { DocumentQuery } from '../../../application/ports/read-model-store.ts';
import type { ReadModelCaseBody, ReadModelsUnderTest } from './read-models-under-test.ts';

const teas = {
  assam: { name: 'Assam', cents: 890, origin: { country: 'IN' }, isFair: true },
  darjeeling: { name: 'Darjeeling', cents: 1290, origin: { country: 'IN' }, isFair: false },
  mint: { name: 'Mint', cents: 450, origin: { country: 'MA' }, isFair: true },
  water: { name: 'Water', cents: 0, origin: null },
};

/* Conditions, and the teas that satisfy them. */
const conditions: readonly (readonly [NonNullable<DocumentQuery['where']>, readonly string[]])[] = [
  [{}, ['assam', 'darjeeling', 'mint', 'water']],
  [{ name: 'Mint' }, ['mint']],
  [{ name: 'mint' }, []],
  [{ cents: 890 }, ['assam']],
  [{ isFair: true }, ['assam', 'mint']],
  [{ isFair: { equals: false } }, ['darjeeling']],
  [{ isFair: null }, ['water']],
  [{ cents: { in: [0, 450, 7] } }, ['mint', 'water']],
  [{ isFair: { in: [null, false] } }, ['darjeeling', 'water']],
  [{ origin: { in: [null] } }, ['water']],
  [{ 'origin.country': { in: ['MA', null] } }, ['mint', 'water']],
  [{ cents: { lessThan: 450 } }, ['water']],
  [{ cents: { atMost: 450 } }, ['mint', 'water']],
  [{ cents: { greaterThan: 890 } }, ['darjeeling']],
  [{ cents: { atLeast: 890 } }, ['assam', 'darjeeling']],
  [{ cents: { greaterThan: 0, lessThan: 890 } }, ['mint']],
  [{ 'origin.country': 'IN' }, ['assam', 'darjeeling']],
  [{ 'origin.country': null }, ['water']],
  [{ isFair: true, 'origin.country': 'IN' }, ['assam']],
];

/** Documents by condition, in order and in pages. */
export const documentQueryCases: Readonly<Record<string, ReadModelCaseBody>> = {
  async 'finds and counts the documents that satisfy all conditions'(subject) {
    const build = await teaHouse(subject);
    for (const [where, ids] of conditions) {
      const { documents } = await subject.store.findDocuments(build, { where });
      deepStrictEqual(subject.idsOf(documents), ids, JSON.stringify(where));
      equal(await subject.store.countDocuments(build, where), ids.length, JSON.stringify(where));
    }
  },
  async 'puts documents in the order of a field, ties and the rest by id'(subject) {
    const build = await teaHouse(subject);
    const inOrder = async (orderBy: DocumentQuery['orderBy']): Promise<readonly string[]> =>
      subject.idsOf((await subject.store.findDocuments(build, { orderBy })).documents);
    deepStrictEqual(await inOrder(undefined), ['assam', 'darjeeling', 'mint', 'water']);
    deepStrictEqual(await inOrder({ direction: 'desc' }), ['water', 'mint', 'darjeeling', 'assam']);
    deepStrictEqual(await inOrder({ field: 'cents' }), ['water', 'mint', 'assam', 'darjeeling']);
    deepStrictEqual(await inOrder({ field: 'cents', direction: 'desc' }), [
      'darjeeling',
      'assam',
      'mint',
      'water',
    ]);
    deepStrictEqual(await inOrder({ field: 'origin.country' }), ['assam', 'darjeeling', 'mint', 'water']);
  },
  async 'gives every document once, page by page'(subject) {
    const build = await subject.build();
    const all = Object.fromEntries(Array.from({ length: 25 }, (_document, n) => [`d${n}`, { group: n % 3 }]));
    await subject.save(build, all);
    for (const orderBy of [undefined, { field: 'group', direction: 'desc' }] as const) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await subject.store.findDocuments(build, { orderBy, limit: 7, after });
        seen.push(...subject.idsOf(page.documents));
        after = page.nextCursor;
      } while (after !== undefined);
      equal(seen.length, 25);
      deepStrictEqual([...seen].sort(), Object.keys(all).sort());
    }
  },
  async 'refuses a query that makes no sense'(subject) {
    const build = await teaHouse(subject);
    const queries = [
      { limit: 0 },
      { limit: 1.5 },
      { limit: 10_001 },
      { where: { 'name; drop table x': 'Mint' } },
      { where: { name: {} } },
      { where: { name: { like: 'M%' } } },
      { where: { cents: { lessThan: null } } },
      { orderBy: { field: "name'" } },
      ...[{ after: 'no cursor' }, { after: 5 }],
      ...[null, 'name', { were: { name: 'Mint' } }, { where: null }, { where: 'name' }, { where: [] }],
      ...[{ orderBy: 'cents' }, { orderBy: null }, { orderBy: { by: 'cents' } }],
      { orderBy: { field: 'cents', direction: 'descending' } },
    ];
    for (const query of queries) {
      const found = async (): Promise<unknown> => subject.store.findDocuments(build, query as DocumentQuery);
      await rejects(found, InvalidQuery, JSON.stringify(query));
    }
    for (const where of [null, 'name', [], { name: {} }]) {
      const counted = async (): Promise<unknown> =>
        subject.store.countDocuments(build, where as DocumentQuery['where']);
      await rejects(counted, InvalidQuery, JSON.stringify(where));
    }
  },
};

async function teaHouse(subject: ReadModelsUnderTest): Promise<ProjectionId> {
  const build = await subject.build();
  await subject.save(build, teas);
  return build;
}
