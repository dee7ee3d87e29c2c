-- Functions for those who wait for a position, and for documents in the order of a field.

-- The last event at or below a position, once nothing can appear there any more; null before that. An aborted
-- append leaves positions that no event will ever have, and who waits for one must not wait for ever.
create function annals.last_settled_event(at_most bigint) returns bigint
language plpgsql
as $$
declare
  tag constant bigint := 'annals.events'::regclass::oid::bigint & 32767;
  high bigint;
  bound bigint;
begin
  select last_value - (not is_called)::integer into high from annals.event_positions;
  select min(((classid::bigint & 65535) << 32) | objid::bigint) into bound
  from pg_locks
  where locktype = 'advisory' and mode = 'ShareLock' and objsubid = 1 and classid::bigint >> 16 = tag
    and database = (select oid from pg_database where datname = current_database());
  if at_most > least(high, bound) then
    return null;
  end if;
  return coalesce((select max(e.position) from annals.events e where e.position <= at_most), 0);
end
$$;

-- Bytes that order numbers as text: the bits of the double, turned round where it is negative.
create function annals.sortable_number(value numeric) returns text
language sql immutable parallel safe
as $$
  select case when x.bits < '8' then '1' || x.bits
    else '0' || translate(x.bits, '0123456789abcdef', 'fedcba9876543210') end
  from (select encode(float8send(least(greatest(value, -1.7e308), 1.7e308)::double precision), 'hex') collate "C" as bits) x
$$;

-- Orders the values of a field as the memory store does: texts by code point, then numbers, then booleans, then lists
-- and objects (all alike), then what is absent or null. Bytes, because texts are ordered by the database's language.
--
-- Texts are cut, because an index takes no long ones. A team that orders many documents by a field makes an index:
--   create index on annals.customers_v1_documents (annals.sort_key(document #> '{cents}'), id);
create function annals.sort_key(value jsonb) returns bytea
language sql immutable parallel safe
as $$
  select convert_to(case jsonb_typeof(value)
    when 'string' then '1' || left(value #>> '{}', 500)
    when 'number' then '2' || annals.sortable_number(value::numeric)
    when 'boolean' then '3' || (value #>> '{}')
    when 'array' then '4'
    when 'object' then '4'
    else '5'
  end, 'UTF8')
$$;
