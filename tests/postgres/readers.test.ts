import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp, postgres, silentLogger } from 'annals/di';
import pg from 'pg';
import { bankModule } from '../support/bank.ts';
import { postgresStores, randomSchema } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

const names = {
  ...{ readers: randomSchema(), ada: randomSchema(), eve: randomSchema(), nobody: randomSchema() },
  ...{ staff: randomSchema(), app: randomSchema() },
  ...{ auditors: randomSchema(), max: randomSchema() },
};
const stream = (id: string) => ({ aggregateType: 'account', aggregateId: id });
const opened = (owner: string, userId: string | undefined) => ({
  ...{ type: 'account.opened', payload: { owner }, userId },
});

describe('Readers that connect to the database directly', () => {
  let stores: PostgresStores;
  let schema: string;
  const clients = new Map<string, pg.Client>();

  /* A connection that logged in as the role: nothing leads from it to a role of more rights. */
  async function as(role: string, sql: string): Promise<readonly Record<string, unknown>[]> {
    let client = clients.get(role);
    if (client === undefined) {
      client = new pg.Client({ connectionString: withUser(stores.url, role) });
      await client.connect();
      clients.set(role, client);
    }
    const { rows } = await client.query(sql.replaceAll('annals.', `${schema}.`));
    return rows as Record<string, unknown>[];
  }
  const ownersSeenBy = async (role: string): Promise<unknown[]> =>
    (await as(role, "select payload->>'owner' as owner from annals.events order by position")).map(
      ({ owner }) => owner,
    );

  beforeAll(async () => {
    stores = await postgresStores();
    ({ schema } = stores);
    const events = await stores.openEvents();
    const streams: [string, string, string | undefined][] = [
      ['a-1', 'Ada', 'ada'],
      ['e-1', 'Eve', 'eve'],
      ['s-1', 'nobody', undefined],
      ['a-1', 'Eve too', 'eve'],
    ];
    for (const [id, owner, userId] of streams) {
      await events.append({ stream: stream(id), expectedVersion: 'any', events: [opened(owner, userId)] });
    }
    const { readers, ada, eve, nobody, staff, app } = names;
    await stores.pool.query(`
      create role ${readers} nologin; create role ${staff} login; create role ${app} login;
      create role ${ada} login in role ${readers}; create role ${eve} login in role ${readers};
      create role ${nobody} login in role ${readers};
      grant usage on schema ${schema} to ${staff}, ${app};
      grant select on all tables in schema ${schema} to ${staff};
      grant all on all tables in schema ${schema} to ${app}; grant all on all sequences in schema ${schema} to ${app};
      select ${schema}.restrict_readers('${readers}');
      insert into ${schema}.readers values ('${ada}', 'ada'), ('${eve}', 'eve')`);
  });

  afterAll(async () => {
    for (const client of clients.values()) await client.end();
    const roles = Object.values(names).join(', ');
    await stores.pool.query(`drop owned by ${roles}; drop role ${roles}`);
    await stores.close();
  });

  test('see their own events, staff see all, and a role without a user none', async () => {
    expect(await ownersSeenBy(names.ada)).toEqual(['Ada']);
    expect(await ownersSeenBy(names.eve)).toEqual(['Eve', 'Eve too']);
    expect(await ownersSeenBy(names.nobody)).toEqual([]);
    expect(await ownersSeenBy(names.staff)).toEqual(['Ada', 'Eve', 'nobody', 'Eve too']);
  });

  test('of two groups see no more than those of one', async () => {
    const { auditors, eve, max } = names;
    await stores.pool.query(`
      create role ${auditors} nologin; create role ${max} login in role ${auditors}; grant ${auditors} to ${eve};
      select ${schema}.restrict_readers('${auditors}');
      insert into ${schema}.readers values ('${max}', 'eve')`);
    const all = async (): Promise<unknown[]> =>
      Promise.all([names.ada, eve, max, names.nobody, names.staff].map(ownersSeenBy));
    const seen = [['Ada'], ['Eve', 'Eve too'], ['Eve', 'Eve too'], [], ['Ada', 'Eve', 'nobody', 'Eve too']];
    expect(await all()).toEqual(seen);
    expect(await as(max, 'select user_id from annals.readers')).toEqual([{ user_id: 'eve' }]);
    expect(await as(names.ada, 'select user_id from annals.readers')).toEqual([{ user_id: 'ada' }]);
    expect(await as(names.ada, 'select aggregate_id as id from annals.streams')).toEqual([{ id: 'a-1' }]);
    await stores.pool.query(`select ${schema}.restrict_readers('${names.readers}')`);
    expect(await all()).toEqual(seen);
  });

  test('see the names of the streams that have events of theirs, and of readers themselves', async () => {
    const sql = 'select aggregate_id as id from annals.streams order by aggregate_id';
    expect(await as(names.ada, sql)).toEqual([{ id: 'a-1' }]);
    expect(await as(names.eve, sql)).toEqual([{ id: 'a-1' }, { id: 'e-1' }]);
    expect(await as(names.nobody, sql)).toEqual([]);
    expect(await as(names.ada, 'select user_id from annals.readers')).toEqual([{ user_id: 'ada' }]);
    await expect(as(names.ada, 'select version from annals.streams')).rejects.toThrow(/permission denied/);
  });

  test('reach no other table, view, column or sequence, and no function that lends them rights', async () => {
    const reachable = await as(
      names.ada,
      `select c.relname as name, a.attname as column from pg_class c
       join pg_namespace n on n.oid = c.relnamespace and n.nspname = '${schema}'
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relkind in ('r', 'p', 'v', 'm', 'f')
         and has_column_privilege(c.oid, a.attnum, 'select, insert, update, references')
         and c.relname not in ('events', 'readers')
       order by 1, a.attnum`,
    );
    expect(reachable).toEqual(
      ['stream_ref', 'aggregate_type', 'aggregate_id'].map(column => ({ name: 'streams', column })),
    );
    const others = `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = '${schema}'
      where (c.relkind = 'S' and has_sequence_privilege(c.oid, 'usage, select, update'))
        or (c.relkind in ('r', 'v') and has_table_privilege(c.oid, 'insert, update, delete, truncate, trigger'))`;
    expect(await as(names.ada, others)).toEqual([]);
    const lending = `select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = '${schema}'
      where p.prosecdef and has_function_privilege(p.oid, 'execute')`;
    expect(await as(names.ada, lending)).toEqual([]);
  });

  test.each([
    ['insert into annals.events select * from annals.events'],
    ["update annals.events set user_id = 'ada'"],
    ['delete from annals.events'],
    ['truncate annals.events'],
    ["insert into annals.readers values (current_user, 'eve')"],
    ["update annals.readers set user_id = 'eve'"],
    ['alter table annals.events disable row level security'],
    ['drop policy public on annals.events'],
    ['create policy mine on annals.events using (true)'],
    ['create table annals.mine (id int)'],
    ["select annals.restrict_readers('postgres')"],
  ])('change nothing: %s', async sql => {
    await expect(as(names.ada, sql)).rejects.toMatchObject({ code: '42501' });
  });

  test('do not become somebody else', async () => {
    for (const sql of [
      `set role ${names.eve}`,
      `set session authorization ${names.eve}`,
      `set role ${names.staff}`,
    ]) {
      await expect(as(names.ada, sql)).rejects.toMatchObject({ code: '42501' });
    }
    await as(names.ada, "select set_config('annals.user_id', 'eve', false)");
    await as(names.ada, `set search_path to pg_temp, ${schema}`);
    await as(
      names.ada,
      'create temp table readers as select current_user as role_name, text $$eve$$ as user_id',
    );
    expect(await ownersSeenBy(names.ada)).toEqual(['Ada']);
    // The role of the group is theirs to take, and stands for nobody.
    await as(names.ada, `set role ${names.readers}`);
    expect(await ownersSeenBy(names.ada)).toEqual([]);
    await as(names.ada, 'reset role');
    await as(names.ada, 'set row_security = off');
    await expect(ownersSeenBy(names.ada)).rejects.toThrow(/row-level security/);
    await as(names.ada, 'reset row_security');
  });

  test('are shown nothing by functions of theirs, nor by what a plan expects', async () => {
    await as(
      names.ada,
      `create function pg_temp.peek(value text) returns boolean language plpgsql cost 0.0001
       as 'begin if value like ''%Eve%'' then raise exception ''seen: %'', value; end if; return true; end'`,
    );
    expect(await as(names.ada, 'select from annals.events where pg_temp.peek(payload::text)')).toHaveLength(
      1,
    );
    expect(
      await as(
        names.ada,
        "select from annals.events where 1 / (case when user_id = 'eve' then 0 else 1 end) = 1",
      ),
    ).toHaveLength(1);
    expect(await as(names.ada, `select from pg_stats where schemaname = '${schema}'`)).toEqual([]);
  });

  test.each<[string, () => string]>([
    ['the owner of the tables', () => stores.url],
    ['another role with rights', () => withUser(stores.url, names.app)],
  ])('do not get in the way of %s: it appends and reads as before', async (_name, url) => {
    const app = await createApp({
      ...{ store: postgres(url(), { schema }), modules: [bankModule], logger: silentLogger },
    });
    const id = randomSchema();
    await app.events.append({
      stream: stream(id),
      expectedVersion: 'none',
      events: [opened('Olga', 'olga')],
    });
    await app.events.append({ stream: stream(id), expectedVersion: 1, events: [opened('Ada', 'ada')] });
    expect((await app.events.query({ aggregateId: id })).events.map(({ userId }) => userId)).toEqual([
      'olga',
      'ada',
    ]);
    expect(await app.events.streamVersion(stream('e-1'))).toBe(1);
    await app.stop();
  });

  test('cost the owner of the tables nothing: its plans know no rules', async () => {
    const sql = `explain select * from ${schema}.events where event_type = 'account.opened'`;
    const { rows } = await stores.pool.query<{ 'QUERY PLAN': string }>(sql);
    expect(rows.map(row => row['QUERY PLAN']).join('\n')).not.toMatch(/user_id|readers|pg_has_role/);
  });

  test('find their events by an index', async () => {
    await as(names.ada, 'set enable_seqscan = off');
    expect(JSON.stringify(await as(names.ada, 'explain select * from annals.events'))).toContain(
      'events_by_user',
    );
  });

  test('cannot be a role that is not there', async () => {
    await expect(stores.pool.query(`select ${schema}.restrict_readers('no_such_role')`)).rejects.toThrow(
      'There is no role "no_such_role".',
    );
  });
});

function withUser(url: string, role: string): string {
  const other = new URL(url);
  other.username = role;
  return other.href;
}
