import { deepStrictEqual, equal } from 'node:assert/strict';
import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type {
  Comparison,
  ComparisonOptions,
  TableComparison,
} from '../../../application/ports/read-model-store.ts';
import type { ReadModelCaseBody, ReadModelsUnderTest } from './read-models-under-test.ts';

const all: ComparisonOptions = { tables: 'documents', sample: undefined };

/** How the rows of two builds of a projection compare. */
export const comparisonCases: Readonly<Record<string, ReadModelCaseBody>> = {
  async 'finds no difference between builds with the same documents'(subject) {
    const { live, built } = await builds(subject);
    for (const build of [live, built]) await subject.save(build, { a: { n: 1, m: [2] }, b: {} });
    deepStrictEqual(await compare(subject, { live, built }), {
      tables: { documents: { liveRows: 2, builtRows: 2, compared: 2, different: 0, examples: [] } },
      isSame: true,
    });
  },
  async 'names documents that differ, and those that one build lacks'(subject) {
    const { live, built } = await builds(subject);
    await subject.save(live, { same: { n: 1 }, changed: { n: 1 }, lost: {} });
    await subject.save(built, { same: { n: 1 }, changed: { n: 2 }, added: {} });
    const { tables, isSame } = await compare(subject, { live, built });
    const { examples, ...counts } = tables.documents!;
    deepStrictEqual(counts, { liveRows: 3, builtRows: 3, compared: 4, different: 3 });
    deepStrictEqual([...examples].sort(), ['added', 'changed', 'lost']);
    equal(isSame, false);
  },
  async 'names ten differences at most, and counts them all'(subject) {
    const { live, built } = await builds(subject);
    await subject.save(live, Object.fromEntries(Array.from({ length: 25 }, (_value, id) => [`d-${id}`, {}])));
    const { tables } = await compare(subject, { live, built });
    const { examples, different, builtRows } = tables.documents!;
    deepStrictEqual([examples.length, different, builtRows], [10, 25, 0]);
  },
  async 'looks at a sample if that is enough, and counts all rows'(subject) {
    const { live, built } = await builds(subject);
    const documents = Object.fromEntries(Array.from({ length: 50 }, (_value, id) => [`d-${id}`, { id }]));
    for (const build of [live, built]) await subject.save(build, documents);
    const { tables, isSame } = await compare(subject, { live, built }, { ...all, sample: 5 });
    const { compared, ...rest } = tables.documents!;
    deepStrictEqual(rest, { liveRows: 50, builtRows: 50, different: 0, examples: [] });
    // Each build may give a sample of its own.
    equal(compared >= 5 && compared <= 10, true, `${compared} rows were looked at`);
    equal(isSame, true);
  },
  async 'leaves out of a comparison what one build has moved on with'(subject) {
    const { live, built } = await builds(subject);
    await subject.save(live, { moved: { n: 2 }, wrong: { n: 1 } }, 9);
    await subject.save(live, { wrong: { n: 1 } }, 5);
    await subject.save(built, { moved: { n: 1 }, wrong: { n: 7 } }, 5);
    const { tables, isSame } = await compare(subject, { live, built }, { ...all, through: 5 });
    const { different, examples } = tables.documents!;
    deepStrictEqual([different, examples, isSame], [1, ['wrong'], false]);
  },
  async 'compares rows of tables by all that they contain'(subject) {
    if (!subject.store.hasSql) return;
    const tables = { totals: 'id text primary key, total integer' };
    const { live, built } = await builds(subject, tables);
    await insert(subject, live, "('a', 1), ('b', 2)");
    await insert(subject, built, "('a', 1), ('b', 3)");
    const how = { tables, sample: undefined };
    const { totals } = (await compare(subject, { live, built }, how)).tables as { totals: TableComparison };
    deepStrictEqual([totals.liveRows, totals.builtRows, totals.different], [2, 2, 2]);
  },
};

interface Builds {
  readonly live: ProjectionId;
  readonly built: ProjectionId;
}

async function builds(
  subject: ReadModelsUnderTest,
  tables: ComparisonOptions['tables'] = 'documents',
): Promise<Builds> {
  const live = await subject.build(tables);
  return { live, built: await subject.build(tables, live.name, 2) };
}

function compare({ store }: ReadModelsUnderTest, { live, built }: Builds, how = all): Promise<Comparison> {
  return store.transaction(transaction => transaction.compare(live, built, how));
}

async function insert({ store }: ReadModelsUnderTest, build: ProjectionId, rows: string): Promise<void> {
  await store.transaction(({ sql }) =>
    sql!.query(`insert into ${sql!.table(build, 'totals')} values ${rows}`),
  );
}
