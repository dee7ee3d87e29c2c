-- append_events: stores many appends in one call, each whole or not at all, each with its own outcome.
--
-- An append is a unit of writes; a write concerns one stream and carries events, in order. Everything comes
-- in arrays, so that one call can carry one append or a thousand:
--
--   s_*  streams touched, each once, sorted by id and type in an order that all writers share
--   u_*  units: the writer's time; whether the ids may be stored already
--   w_*  writes, sorted by unit: unit, stream (indexes from 1), expected version, number of events
--        expected: the version, or -1 for any, -2 for "exists"
--   e_*  events, sorted by write: write, place in the write from 1, and the columns
--   k_*  unique keys, sorted by write: write, key, claim (true) or release (false)
--   c_*  commands that are done with a unit
--
-- Returns one row: for each unit its status, for each write its version, the positions of the new events in
-- order, and for each unit what its status needs to be explained.
--
--   status 0 stored · 1 version conflict · 2 stored before, by an append with the same ids ·
--          3 an event id is taken · 4 a unique key is taken · 5 a command has run before ·
--          6 nothing was done: another unit of this call has the same ids, so call again
--   explanation 1: the write · 2: the positions · 3: the event id · 4: write, key, holder · 5: the command id
--
-- The order of steps matters (docs/adr/0004-one-order-for-every-reader.md): lock the streams, then announce
-- the lowest position that may be taken, and only then take positions.

create function annals.append_events(
  s_type text[], s_id text[],
  u_recorded_at timestamptz[], u_probe boolean[],
  w_unit integer[], w_stream integer[], w_expected integer[], w_events integer[],
  e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[],
  e_metadata json[], e_correlation text[], e_causation text[], e_user text[], e_actor text[],
  k_write integer[], k_key text[], k_claim boolean[],
  c_unit integer[], c_id text[], c_fingerprint text[], c_result json[],
  out statuses smallint[], out versions integer[], out positions bigint[], out explanations json
)
language plpgsql
-- Every look-up is by index, whatever the planner believes of tables that are empty or have no statistics yet:
-- plans are kept, and one that reads a small table whole would still do so when it has grown.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  tag constant bigint := 'annals.events'::regclass::oid::bigint & 32767;
  writes constant integer := cardinality(w_unit);
  refs bigint[];
  stream_versions integer[];
  stream_times timestamptz[];
  starts integer[] := array_fill(null::integer, array[writes]);
  first_write integer := 1;
  last_write integer := 0;
  first_event integer := 1;
  last_event integer := 0;
  last_key integer := 0;
  stored_events integer := 0;
  unit_ends integer[] := array_fill(0, array[cardinality(u_probe)]);
  refused integer;
  outcome record;
  high bigint;
  details json[];
begin
  statuses := array_fill(0::smallint, array[cardinality(u_probe)]);
  versions := array_fill(0, array[writes]);
  details := array_fill(null::json, array[cardinality(u_probe)]);
  positions := '{}';

  -- Names that are not rows yet cannot be locked as rows. Sorted, so that no two calls wait for each other.
  if cardinality(k_key) + cardinality(c_id) > 0 then
    perform pg_advisory_xact_lock(tag::integer, name)
    from (select distinct hashtext(n) as name from unnest(k_key || c_id) n order by 1) names;
  end if;

  insert into annals.streams (aggregate_type, aggregate_id)
  select s.type, s.id
  from unnest(s_type, s_id) with ordinality as s (type, id, n)
  where (
    select x.stream_ref from annals.streams x where x.aggregate_id = s.id and x.aggregate_type = s.type
  ) is null
  order by s.n
  on conflict do nothing;

  select
    array_agg(x.stream_ref order by s.n), array_agg(x.version order by s.n), array_agg(x.recorded_at order by s.n)
  into refs, stream_versions, stream_times
  from unnest(s_type, s_id) with ordinality as s (type, id, n)
  cross join lateral (
    select x.stream_ref, x.version, x.recorded_at
    from annals.streams x
    where x.aggregate_id = s.id and x.aggregate_type = s.type
    for no key update
  ) x;

  for unit in 1 .. cardinality(u_probe) loop
    first_write := last_write + 1;
    first_event := last_event + 1;
    refused := null;
    while last_write < writes and w_unit[last_write + 1] = unit loop
      last_write := last_write + 1;
      last_event := last_event + w_events[last_write];
      versions[last_write] := stream_versions[w_stream[last_write]];
      if refused is null and not (
        case w_expected[last_write]
          when -1 then true
          when -2 then versions[last_write] > 0
          else versions[last_write] = w_expected[last_write]
        end
      ) then
        refused := last_write;
      end if;
    end loop;

    -- An earlier unit of this call is about to store one of these ids, and cannot be compared with yet.
    if u_probe[unit] and exists (
      select from unnest(e_id, e_write) with ordinality as o (id, write, n)
      where o.n < first_event and starts[o.write] is not null and o.id = any (e_id[first_event:last_event])
    ) then
      statuses[unit] := 6;
      continue;
    end if;

    if (u_probe[unit] or refused is not null) and last_event >= first_event then
      select * into outcome
      from annals.find_repetition(
        first_event, last_event, refs, w_stream, e_write, e_index, e_id, e_type, e_schema, e_payload
      );
      if outcome.is_repetition then
        statuses[unit] := 2;
        details[unit] := to_json(outcome.found_positions);
        for w in first_write .. last_write loop
          versions[w] := coalesce(outcome.last_versions[w], versions[w]);
        end loop;
        continue;
      elsif outcome.taken_id is not null then
        statuses[unit] := 3;
        details[unit] := to_json(outcome.taken_id);
        continue;
      end if;
    end if;

    if cardinality(c_id) > 0 then
      select c.id as command_id into outcome
      from unnest(c_unit, c_id) as c (of_unit, id)
      where c.of_unit = unit and (
        exists (select from annals.commands x where x.command_id = c.id)
        or exists (
          select from unnest(c_unit, c_id) as o (of_unit, id)
          where o.of_unit < unit and o.id = c.id and statuses[o.of_unit] = 0
        )
      )
      limit 1;
      if found then
        statuses[unit] := 5;
        details[unit] := to_json(outcome.command_id);
        continue;
      end if;
    end if;

    if refused is not null then
      statuses[unit] := 1;
      details[unit] := to_json(refused);
      continue;
    end if;

    if cardinality(k_key) > 0 then
      details[unit] := annals.change_unique_keys(first_write, last_write, refs, w_stream, k_write, k_key, k_claim);
      if details[unit] is not null then
        statuses[unit] := 4;
        continue;
      end if;
    end if;

    for w in first_write .. last_write loop
      starts[w] := stream_versions[w_stream[w]];
      stream_versions[w_stream[w]] := starts[w] + w_events[w];
      versions[w] := starts[w] + w_events[w];
      stream_times[w_stream[w]] := greatest(stream_times[w_stream[w]], u_recorded_at[unit]);
    end loop;
    if last_event >= first_event then
      stored_events := stored_events + last_event - first_event + 1;
      unit_ends[unit] := stored_events;
    end if;
  end loop;

  if stored_events > 0 then
    select last_value - (not is_called)::integer into high from annals.event_positions;
    perform pg_advisory_xact_lock_shared((tag << 48) | high);

    with stored as (
      insert into annals.events (
        position, stream_ref, version, schema_version, event_id, recorded_at, event_type,
        correlation_id, causation_id, user_id, actor, payload, metadata
      )
      select
        nextval('annals.event_positions'), refs[w_stream[e.write]], starts[e.write] + e.index, e.schema, e.id,
        stream_times[w_stream[e.write]], e.type, e.correlation, e.causation, e.user_id, e.actor, e.payload, e.metadata
      from unnest(
        e_write, e_index, e_id, e_type, e_schema, e_payload, e_metadata, e_correlation, e_causation, e_user, e_actor
      ) as e (write, index, id, type, schema, payload, metadata, correlation, causation, user_id, actor)
      where starts[e.write] is not null
      returning position
    )
    select coalesce(array_agg(stored.position order by stored.position), '{}') into positions from stored;

    update annals.streams x
    set version = s.version, recorded_at = s.recorded_at
    from unnest(refs, stream_versions, stream_times) as s (stream_ref, version, recorded_at)
    where x.stream_ref = s.stream_ref and x.version <> s.version;
  end if;

  -- A stream that got no event does not exist.
  if 0 = any (stream_versions) then
    delete from annals.streams where stream_ref = any (refs) and version = 0;
  end if;

  if cardinality(c_id) > 0 then
    insert into annals.commands (command_id, fingerprint, result, last_position, recorded_at)
    select c.id, c.fingerprint, c.result, coalesce(positions[unit_ends[c.unit]], 0), u_recorded_at[c.unit]
    from unnest(c_unit, c_id, c_fingerprint, c_result) as c (unit, id, fingerprint, result)
    where statuses[c.unit] = 0;
  end if;

  if 0 <> any (statuses) then
    explanations := to_json(details);
  end if;
end
$$;

-- Compares the events of one unit with what is stored under their ids. A repetition is complete: the same
-- content, in the same stream, one after another in the same order.
create function annals.find_repetition(
  first_event integer, last_event integer, refs bigint[], w_stream integer[],
  e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[],
  out is_repetition boolean, out taken_id uuid, out found_positions bigint[], out last_versions integer[]
)
language plpgsql
as $$
declare
  stored record;
  known integer := 0;
  start integer;
begin
  is_repetition := true;
  found_positions := '{}';
  last_versions := '{}';
  for e in first_event .. last_event loop
    select x.position, x.stream_ref, x.version, x.event_type, x.schema_version, x.payload::text as payload
    into stored
    from annals.events x where x.event_id = e_id[e];
    if e_index[e] = 1 then
      start := stored.version - 1;
    end if;
    if stored.position is not null then
      known := known + 1;
      taken_id := coalesce(taken_id, e_id[e]);
    end if;
    is_repetition := is_repetition and coalesce(
      stored.stream_ref = refs[w_stream[e_write[e]]] and stored.version = start + e_index[e]
      and stored.event_type = e_type[e] and stored.schema_version = e_schema[e]
      and stored.payload = e_payload[e]::text, false);
    found_positions[e - first_event + 1] := stored.position;
    last_versions[e_write[e]] := stored.version;
  end loop;
  if known = 0 or is_repetition then
    taken_id := null;
  end if;
end
$$;

-- Releases and claims the keys of one unit; returns what is in the way, and then changes nothing.
create function annals.change_unique_keys(
  first_write integer, last_write integer, refs bigint[], w_stream integer[],
  k_write integer[], k_key text[], k_claim boolean[], out refusal json
)
language plpgsql
as $$
begin
  select json_build_object('write', k.write, 'key', k.key, 'type', s.aggregate_type, 'id', s.aggregate_id)
  into refusal
  from unnest(k_write, k_key, k_claim) as k (write, key, claim)
  join annals.unique_keys held on held.key = k.key and held.stream_ref <> refs[w_stream[k.write]]
  join annals.streams s on s.stream_ref = held.stream_ref
  where k.write between first_write and last_write and k.claim
    and not exists (
      select from unnest(k_write, k_key, k_claim) as r (write, key, claim)
      where r.write between first_write and last_write and not r.claim and r.key = k.key
        and refs[w_stream[r.write]] = held.stream_ref
    )
  limit 1;
  if refusal is not null then
    return;
  end if;

  -- Two streams of one unit want the same key.
  select json_build_object('write', max(k.write), 'key', k.key,
    'type', (select aggregate_type from annals.streams where stream_ref = refs[w_stream[min(k.write)]]),
    'id', (select aggregate_id from annals.streams where stream_ref = refs[w_stream[min(k.write)]]))
  into refusal
  from unnest(k_write, k_key, k_claim) as k (write, key, claim)
  where k.write between first_write and last_write and k.claim
  group by k.key
  having count(distinct k.write) > 1
  limit 1;
  if refusal is not null then
    return;
  end if;

  delete from annals.unique_keys held
  using unnest(k_write, k_key, k_claim) as k (write, key, claim)
  where k.write between first_write and last_write and not k.claim
    and held.key = k.key and held.stream_ref = refs[w_stream[k.write]];

  insert into annals.unique_keys (key, stream_ref)
  select k.key, refs[w_stream[k.write]]
  from unnest(k_write, k_key, k_claim) as k (write, key, claim)
  where k.write between first_write and last_write and k.claim
  on conflict do nothing;
end
$$;

-- The position at or below which nothing can appear any more: what is allocated, or less where a writer has
-- announced that it may still take positions above a bound. The two are read in this order, in two statements.
create function annals.settled_position() returns bigint
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
  where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = tag
    and database = (select oid from pg_database where datname = current_database());
  return least(high, bound);
end
$$;
