import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DocumentQuery, ProjectionId, ReadModelStore } from 'annals';
import { addBuild } from '../support/add-build.ts';
import { memoryStores, pgliteStores, postgresStores } from '../support/stores.ts';
import type { TestStores } from '../support/stores.ts';

const adapters: readonly (readonly [string, () => Promise<TestStores>])[] = [
  ['memory', async () => memoryStores()],
  ['PGlite', pgliteStores],
  ['PostgreSQL', postgresStores],
];

type Values = readonly (readonly [id: string, value: unknown])[];

// Texts that a language would order otherwise, or that UTF-16 would; numbers that a text would order otherwise.
const oddValues: readonly unknown[] = [
  ...['', 'a', 'A', 'b', 'B', 'ä', 'z', 'Z', 'a b', 'a-b', 'ab', '10', '9', '\u{1F600}', '\uFFFD', '\uE000'],
  ...[`${'x'.repeat(499)}a`, `${'x'.repeat(499)}b`, '\u{1F600}'.repeat(500)],
  ...[0, -0, 1, -1, 0.1, -0.1, 9, 10, 1e21, -1e21, 5e-324, Number.MAX_SAFE_INTEGER, 1.5e308, -1.5e308],
  ...[true, false, null, undefined, [], [1], {}, { a: 1 }],
];

const value = fc.oneof(
  fc.constantFrom(...oddValues),
  fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e307, min: -1e307 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }).filter(text => !text.includes('\u0000')),
);

/* What the order is, said in another way than the stores do it. */
function kind(of: unknown): number {
  if (of === undefined || of === null) return 5;
  return { string: 1, number: 2, boolean: 3 }[typeof of as string] ?? 4;
}

function codePoints(text: string): number[] {
  return Array.from(text, character => character.codePointAt(0)!);
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((point, index) => point !== b[index]);
  if (at < 0) return a.length - b.length;
  return at < b.length ? a[at]! - b[at]! : 1;
}

function compareValues(a: unknown, b: unknown): number {
  if (kind(a) !== kind(b)) return kind(a) - kind(b);
  if (typeof a === 'string') return compareLists(codePoints(a), codePoints(b as string));
  if (kind(a) > 3) return 0;
  return Number(a) === Number(b) ? 0 : Number(a) < Number(b) ? -1 : 1;
}

function inOrder(values: Values, direction: 'asc' | 'desc', byValue: boolean): string[] {
  const sign = direction === 'desc' ? -1 : 1;
  const order = [...values].sort(
    ([idA, a], [idB, b]) =>
      sign * ((byValue ? compareValues(a, b) : 0) || compareLists(codePoints(idA), codePoints(idB))),
  );
  return order.map(([id]) => id);
}

describe.each(adapters)('Documents on %s', (_name, open) => {
  let stores: TestStores;
  let readModels: ReadModelStore;
  let projections = 0;

  beforeAll(async () => {
    stores = await open();
    ({ readModels } = await stores.open());
  });

  afterAll(async () => stores.close());

  async function save(projection: ProjectionId, values: Values): Promise<void> {
    const changes = values.map(([id, a]) => ({
      id,
      json: JSON.stringify({ a, in: { b: a } }),
      version: 1,
      position: 1,
    }));
    await readModels.transaction(async transaction => transaction.saveDocuments(projection, changes));
  }

  async function remove(projection: ProjectionId, id: string): Promise<void> {
    const change = { id, json: null, version: 1, position: 1 };
    await readModels.transaction(async transaction => transaction.saveDocuments(projection, [change]));
  }

  async function projectionOf(values: Values): Promise<ProjectionId> {
    const projection = await addBuild(readModels, `pages_${++projections}`, { tables: 'documents' });
    await save(projection, values);
    return projection;
  }

  async function pages(projection: ProjectionId, query: DocumentQuery): Promise<string[][]> {
    const found: string[][] = [];
    let after: string | undefined;
    do {
      const page = await readModels.findDocuments(projection, { ...query, after });
      found.push(page.documents.map(({ id }) => id));
      after = page.nextCursor;
    } while (after !== undefined);
    return found;
  }

  test('come in the same order from every store, however large the pages', async () => {
    const projection = await projectionOf([]);
    const run = fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }), value), {
        selector: ([id]) => id,
        maxLength: 25,
      }),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom('asc', 'desc'),
      fc.constantFrom('a', 'in.b', undefined),
      async (values, limit, direction, field) => {
        await save(projection, values);
        const found = await pages(projection, { orderBy: { field, direction }, limit });
        expect(found.flat()).toEqual(inOrder(values, direction, field !== undefined));
        expect(found).toHaveLength(Math.max(1, Math.ceil(values.length / limit)));
        for (const [id] of values) await remove(projection, id);
      },
    );
    await fc.assert(run, { numRuns: 40 });
  });

  test('come in the same order where values are odd or equal', async () => {
    const values = [...oddValues, ...oddValues].map((each, index): [string, unknown] => [`d${index}`, each]);
    const projection = await projectionOf(values);
    for (const direction of ['asc', 'desc'] as const) {
      for (const limit of [1, 5, 1_000]) {
        const found = await pages(projection, { orderBy: { field: 'a', direction }, limit });
        expect(found.flat()).toEqual(inOrder(values, direction, true));
      }
    }
  });

  test('are paged within what a query asks for', async () => {
    const values = oddValues.map((each, index): [string, unknown] => [`d${index}`, each]);
    const projection = await projectionOf(values);
    for (const where of [{ a: { atLeast: 0 } }, { a: { greaterThan: 'A', lessThan: 'a b' } }, { a: null }]) {
      const whole = (await readModels.findDocuments(projection, { where, orderBy: { field: 'a' } }))
        .documents;
      const found = await pages(projection, { where, orderBy: { field: 'a' }, limit: 2 });
      expect(found.flat()).toEqual(whole.map(({ id }) => id));
      expect(found.flat().length).toBe(await readModels.countDocuments(projection, where));
    }
    const letters = await pages(projection, { where: { a: { greaterThan: 'A', lessThan: 'a b' } } });
    const found = letters.flat().map(id => values.find(([each]) => each === id)![1]);
    expect(found.sort()).toEqual(['B', 'Z', 'a']);
  });

  test('are neither shown twice nor passed over when others come and go meanwhile', async () => {
    const values = Array.from({ length: 10 }, (_value, index): [string, number] => [`d${index}`, index * 10]);
    const projection = await projectionOf(values);
    const query = { orderBy: { field: 'a' }, limit: 3 } as const;
    const first = await readModels.findDocuments(projection, query);
    await remove(projection, 'd2');
    await remove(projection, 'd0');
    await save(projection, [
      ['e1', 5],
      ['e2', 35],
    ]);
    const second = await readModels.findDocuments(projection, { ...query, after: first.nextCursor });
    expect(second.documents.map(({ id }) => id)).toEqual(['d3', 'e2', 'd4']);
  });

  test('have cursors that only their query takes', async () => {
    const projection = await projectionOf(Array.from({ length: 5 }, (_value, index) => [`d${index}`, index]));
    const query: DocumentQuery = { where: { a: { atLeast: 0 } }, orderBy: { field: 'a' }, limit: 2 };
    const { nextCursor: after } = await readModels.findDocuments(projection, query);
    const [place, digest] = after!.split('.') as [string, string];
    const elsewhere = Buffer.from(JSON.stringify(['2', 'd3'])).toString('base64url');
    const forged = ['', '.', 'x', '0', `${after}0`, `${elsewhere}.${digest}`, place, `${place}.000000000000`];
    const odd = [7, null, {}, [after], `${after}\n`, `' or 1 = 1`] as string[];
    for (const bad of [...forged, ...odd]) {
      const refused = readModels.findDocuments(projection, { ...query, after: bad });
      await expect(refused).rejects.toMatchObject({ code: 'invalid-query' });
    }
    const others: DocumentQuery[] = [
      { ...query, orderBy: { field: 'a', direction: 'desc' } },
      { ...query, orderBy: { field: 'b' } },
      { ...query, orderBy: undefined },
      { ...query, where: { a: { atLeast: 1 } } },
      { ...query, where: undefined },
    ];
    for (const other of others) {
      const refused = readModels.findDocuments(projection, { ...other, after });
      await expect(refused).rejects.toMatchObject({ code: 'invalid-query' });
    }
    // The same query may say the same in another way, and ask for more.
    const same = { ...query, orderBy: { field: 'a', direction: 'asc' } } as const;
    const rest = await readModels.findDocuments(projection, { ...same, limit: 10, after });
    expect(rest.documents.map(({ id }) => id)).toEqual(['d2', 'd3', 'd4']);
    expect(rest.nextCursor).toBeUndefined();
  });

  test('are not ordered by what cannot be', async () => {
    const projection = await projectionOf([]);
    for (const orderBy of [{ direction: 'up' }, { field: 'a b' }, { field: `a'` }] as never[]) {
      const refused = readModels.findDocuments(projection, { orderBy });
      await expect(refused).rejects.toMatchObject({ code: 'invalid-query' });
    }
  });
});
