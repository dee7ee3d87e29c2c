-- What operators did is added to and never changed. Only the old can go, by a purge, which is recorded itself
-- (docs/adr/0019-operations-have-a-table.md).

create function annals.refuse_forgery() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('annals.is_purging', true) = 'on' then
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

-- Removes what was done before a time; returns how many rows.
create function annals.purge_operations(before timestamptz, purged_by text, why text) returns bigint
language plpgsql
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
