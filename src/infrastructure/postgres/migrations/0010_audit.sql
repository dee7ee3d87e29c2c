-- What operators did is added to and never changed. Only the old can go, by a purge, which is recorded itself
-- (docs/adr/0019-operations-have-a-table.md).

-- Anybody can set a setting, so it counts only where the owner of the table acts, as whom a purge runs; it keeps the
-- owner from a delete by mistake. The search path is fixed, or whoever deletes could bring other functions along.
create function annals.refuse_forgery() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and current_setting('annals.is_purging', true) = 'on'
    and current_user = (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = tg_relid)
  then
    return null;
  end if;
  raise exception 'What was done is never changed: % on %.% was refused.', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation', hint = 'annals.purge_operations removes what is old.';
end
$$;

create trigger operations_never_change before update or delete on annals.operations
  for each statement execute function annals.refuse_forgery();
create trigger operations_are_never_truncated before truncate on annals.operations
  for each statement execute function annals.refuse_forgery();

-- Removes what was done before a time; returns how many rows. Runs as the owner of the table; another role may call it
-- once it was granted that, and needs no right to delete.
create function annals.purge_operations(before timestamptz, purged_by text, why text) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  operations bigint;
begin
  if coalesce(btrim(purged_by), '') = '' or coalesce(btrim(why), '') = '' then
    raise exception 'A purge needs to know by whom, and why.' using errcode = 'invalid_parameter_value';
  end if;
  perform set_config('annals.is_purging', 'on', true);
  delete from annals.operations o where o.at < before;
  get diagnostics operations = row_count;
  perform set_config('annals.is_purging', 'off', true);
  insert into annals.operations (action, name, version, actor, reason, details)
  values ('purge', '*', 0, purged_by, why, json_build_object('before', before, 'operations', operations));
  return operations;
end
$$;

revoke execute on function annals.purge_operations(timestamptz, text, text) from public;
