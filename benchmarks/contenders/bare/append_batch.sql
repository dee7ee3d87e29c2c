-- The least that stores appends in the tables of Annals: no ids are looked up, no keys, no commands, and one
-- append to the wrong version fails them all. Each stream at most once a call.
--   a_*  appends: stream id, expected version, number of events
--   e_*  events, sorted by append: append (from 1), place in it from 1, columns
create schema bare;

create function bare.append_batch(
  a_id text[], a_expected integer[], a_events integer[],
  e_append integer[], e_index integer[], e_id uuid[], e_type text[], e_payload json[], e_metadata json[]
) returns void
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  refs bigint[];
begin
  with written as (
    insert into annals.streams as s (aggregate_type, aggregate_id, version, recorded_at)
    select 'account', a.id, a.expected + a.events, now()
    from unnest(a_id, a_expected, a_events) with ordinality as a (id, expected, events, n)
    order by a.n
    on conflict (aggregate_id, aggregate_type) do update
    set version = excluded.version, recorded_at = excluded.recorded_at
    returning s.stream_ref
  )
  select array_agg(written.stream_ref) into refs from written;

  insert into annals.events (
    position, stream_ref, version, schema_version, event_id, recorded_at, event_type, actor, payload, metadata
  )
  select
    nextval('annals.event_positions'), refs[e.append], a_expected[e.append] + e.index, 1, e.id, now(), e.type,
    'system', e.payload, e.metadata
  from unnest(e_append, e_index, e_id, e_type, e_payload, e_metadata) as e (append, index, id, type, payload, metadata);
end
$$;
