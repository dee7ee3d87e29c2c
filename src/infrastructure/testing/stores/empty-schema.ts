import { Statements } from '../../postgres/statements.ts';

/**
 * A script that leaves a schema as its migrations made it: their tables empty, numbers from the beginning, and nothing
 * that a team or a projection has added.
 *
 * For a superuser, and for tests: it passes by the triggers that keep events from being removed.
 */
export function emptySchema(schema: string): string {
  const tables = tablesOf(schema);
  const own = ['migrations', ...tables].map(table => `'${table}'`).join(', ');
  return `
    do $$
    declare
      item record;
    begin
      perform set_config('session_replication_role', 'replica', true);
      for item in select c.relname as name, c.relkind as kind from pg_class c
        where c.relnamespace = '${schema}'::regnamespace and c.relkind in ('v', 'm', 'r', 'p') and c.relname not in (${own})
      loop
        execute format('drop %s if exists ${schema}.%I cascade',
          case item.kind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, item.name);
      end loop;
      for item in select c.relname as name from pg_class c
        where c.relnamespace = '${schema}'::regnamespace and c.relkind = 'S'
      loop
        execute format('alter sequence ${schema}.%I restart', item.name);
      end loop;
      truncate ${tables.map(table => `${schema}.${table}`).join(', ')};
    end $$;`;
}

/* What the migrations make. */
function tablesOf(schema: string): string[] {
  const texts = new Statements(schema).migrations().map(({ text }) => text);
  return texts.flatMap(text => [...text.matchAll(/^create table \w+\.(\w+)/gm)].map(([, table]) => table!));
}
