import { deepStrictEqual, equal, rejects } from 'node:assert/strict';
import type { SqlSession } from '../../../application/ports/read-model-store.ts';
import type { ReadModelCaseBody } from './read-models-under-test.ts';

const tables = { totals: 'id text primary key, total integer not null', notes: 'note text' };

/** Tables of projectors; cases that pass without a look where the store has no SQL. */
export const sqlSessionCases: Readonly<Record<string, ReadModelCaseBody>> = {
  async 'runs statements with parameters on tables of the build'(subject) {
    if (!subject.store.hasSql) return;
    const build = await subject.build(tables);
    const beside = await subject.build(tables, build.name, 2);
    const rows = await subject.store.transaction(async ({ sql }) => {
      await sql!.query(`insert into ${sql!.table(build, 'totals')} values ($1, $2)`, ["a'b", 3]);
      const other = await sql!.query(`select * from ${sql!.table(beside, 'totals')}`);
      return [await sql!.query(`select id, total from ${sql!.table(build, 'totals')}`), other];
    });
    deepStrictEqual(rows, [[{ id: "a'b", total: 3 }], []]);
  },
  async 'keeps nothing of a transaction that fails, in tables either'(subject) {
    if (!subject.store.hasSql) return;
    const build = await subject.build(tables);
    const insert = (sql: SqlSession): ReturnType<SqlSession['query']> =>
      sql.query(`insert into ${sql.table(build, 'notes')} values ('x')`);
    const failing = subject.store.transaction(async ({ sql }) => {
      await insert(sql!);
      throw new RangeError('on purpose');
    });
    await rejects(failing, RangeError);
    const found = await subject.store.transaction(({ sql }) =>
      sql!.query(`select * from ${sql!.table(build, 'notes')}`),
    );
    deepStrictEqual(found, []);
  },
  async 'has no SQL session where it says that it has none'(subject) {
    const hasSession = await subject.store.transaction(async ({ sql }) => sql !== undefined);
    equal(hasSession, subject.store.hasSql);
  },
};
