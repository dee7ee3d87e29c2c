-- append_events: stores many appends in one call, each whole or not at all, each with its own outcome.
--
-- An append is a unit of writes; a write concerns one stream and carries events, in order. Everything comes
-- in arrays, so that one call can carry one append or a thousand:
--
--   s_*   streams touched, each once, sorted by id and type in an order that all writers share: the version that
--         its write expects (-1 for any, -2 for "exists"; of several writes one that may make the stream, if there
--         is one), how many events all its writes carry, and the latest time among its writers
--   e_*   events, sorted by write: write, place in the write from 1, and the columns; a column may be null as a
--         whole
--   plan  what goes beyond "each stream has one write, which is a unit": see decide_appends. Null: stream, write
--         and unit of one number belong together
--
-- Returns a list of lists: a position for each event (of no meaning if its unit was not stored), and the version after
-- each write. Unless every unit was stored: for each unit its status, and what its status needs to be explained.
--
--   status 0 stored · 1 version conflict · 2 stored before, by an append with the same ids ·
--          3 an event id is taken · 4 a unique key is taken · 5 a command has run before ·
--          6 nothing was done: another unit of this call has the same ids, so call again
--   explanation 1: the write · 2: the positions · 3: the event id · 4: write, key, holder · 5: the command id
--
-- The order of steps matters (docs/adr/0004-one-order-for-every-reader.md): lock the streams, then announce
-- the lowest position that may be taken, and only then take positions.
--
-- Every look-up is by index, whatever the planner believes of tables that are empty or have no statistics yet:
-- plans are kept, and one that reads a small table whole would still do so when it has grown. Hence the settings.

create function annals.append_events(
  s_type text[], s_id text[], s_expected integer[], s_events integer[], s_recorded_at timestamptz[],
  e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[],
  e_payload json[], e_metadata json[], e_correlation text[], e_causation text[], e_user text[], e_actor text[],
  plan json
) returns json
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  tag constant bigint := 'annals.events'::regclass::oid::bigint & 32767;
  positions bigint[];
  versions integer[];
  statuses smallint[];
  explanations json;
  -- Of the streams that this call adds; of all streams; and of each write.
  added bigint[];
  streams_added integer;
  locked record;
  refs bigint[];
  starts integer[];
  times timestamptz[];
  decided record;
  announced boolean;
begin
  if plan is not null then
    perform annals.lock_names(plan);
  end if;

  -- A new stream is inserted with the version that it has if nothing is refused; decide_appends puts it right.
  if 0 = any (s_expected) or -1 = any (s_expected) then
    -- In a loop, here and below: for few numbers a query costs more than all of them.
    for n in 1 .. cardinality(s_id) loop
      added := added || nextval('annals.stream_refs');
    end loop;
    insert into annals.streams (stream_ref, aggregate_type, aggregate_id, version, recorded_at)
    select s.ref, s.type, s.id, s.events, s.recorded_at
    from (
      select
        unnest(added) as ref, unnest(s_type) as type, unnest(s_id) as id, unnest(s_expected) as expected,
        unnest(s_events) as events, unnest(s_recorded_at) as recorded_at
    ) s
    where s.expected in (0, -1) and s.events > 0
    on conflict (aggregate_id, aggregate_type) do nothing;
    get diagnostics streams_added = row_count;
  end if;

  if plan is null and streams_added = cardinality(s_id) then
    refs := added;
    starts := array_fill(0, array[cardinality(s_id)]);
    times := s_recorded_at;
    versions := s_events;
  else
    select
      array_agg(x.stream_ref) as refs,
      array_agg(coalesce(x.version, 0)) as versions,
      array_agg(coalesce(x.recorded_at, '-infinity')) as times,
      array_agg(coalesce(x.version, 0) + s.events) as next_versions,
      array_agg(greatest(x.recorded_at, s.recorded_at)) as next_times,
      bool_and(
        case s.expected
          when -1 then x.stream_ref is not null or s.events = 0
          when -2 then coalesce(x.version, 0) > 0
          else coalesce(x.version, 0) = s.expected
        end
      ) as fits
    into locked
    from (
      select
        unnest(added) as ref, unnest(s_type) as type, unnest(s_id) as id, unnest(s_expected) as expected,
        unnest(s_events) as events, unnest(s_recorded_at) as recorded_at
    ) s
    left join lateral (
      select
        y.stream_ref,
        case when y.stream_ref = s.ref then 0 else y.version end as version,
        case when y.stream_ref = s.ref then '-infinity' else y.recorded_at end as recorded_at
      from annals.streams y
      where y.aggregate_id = s.id and y.aggregate_type = s.type
      for no key update
    ) x on true;

    if plan is null and locked.fits then
      refs := locked.refs;
      starts := locked.versions;
      times := locked.next_times;
      versions := locked.next_versions;
      update annals.streams x
      set version = s.version, recorded_at = s.recorded_at
      from (select unnest(refs) as ref, unnest(versions) as version, unnest(times) as recorded_at) s
      where x.stream_ref = s.ref and x.version <> s.version;
    else
      select * into decided
      from annals.decide_appends(
        s_expected, s_events, s_recorded_at, locked.refs, locked.versions, locked.times,
        e_write, e_index, e_id, e_type, e_schema, e_payload, plan
      );
      refs := decided.refs;
      starts := decided.starts;
      times := decided.times;
      versions := decided.versions;
      statuses := decided.statuses;
      explanations := decided.explanations;
    end if;
  end if;

  if cardinality(e_id) > 0 and (statuses is null or 0 = any (statuses)) then
    announced := pg_advisory_xact_lock_shared(
      (tag << 48) | coalesce(pg_sequence_last_value('annals.event_positions'), 0)
    ) is not null;

    -- One for each event, in order; those of refused units are left out, and their positions skipped.
    for n in 1 .. cardinality(e_id) loop
      positions := positions || nextval('annals.event_positions');
    end loop;
    insert into annals.events (
      position, stream_ref, version, schema_version, event_id, recorded_at, event_type,
      correlation_id, causation_id, user_id, actor, payload, metadata
    )
    select
      e.position, refs[e.write], starts[e.write] + e.index, coalesce(e.schema, 1), e.id, times[e.write], e.type,
      e.correlation, e.causation, e.user_id, e.actor, e.payload, e.metadata
    from (
      select
        unnest(positions) as position, unnest(e_write) as write, unnest(e_index) as index, unnest(e_id) as id,
        unnest(e_type) as type, unnest(e_schema) as schema, unnest(e_payload) as payload,
        unnest(e_metadata) as metadata, unnest(e_correlation) as correlation, unnest(e_causation) as causation,
        unnest(e_user) as user_id, unnest(e_actor) as actor
    ) e
    where starts[e.write] is not null;
  end if;

  if plan is not null then
    perform annals.record_commands(plan, decided.statuses, decided.last_events, positions);
  end if;
  return json_build_array(positions, versions, statuses, explanations);
end
$$;

-- Names that are not rows yet, of keys and commands, cannot be locked as rows. Sorted, so that no two calls wait
-- for each other. The server has room for some thousands of locks, for everybody; so a call with many names
-- takes one lock that keeps out all others that have any.
create function annals.lock_names(plan json) returns void
language plpgsql
as $$
declare
  tag constant integer := 'annals.events'::regclass::oid::integer & 32767;
  hashes integer[];
begin
  hashes := array(
    select distinct hashtext(n.name)
    from (
      select k->>1 as name from json_array_elements(plan->'keys') k
      union all
      select c->>1 from json_array_elements(plan->'commands') c
    ) n
    order by 1
  );
  if cardinality(hashes) > 200 then
    perform pg_advisory_xact_lock(tag + 32768, 0);
  elsif cardinality(hashes) > 0 then
    perform pg_advisory_xact_lock_shared(tag + 32768, 0);
    perform pg_advisory_xact_lock(tag, name) from unnest(hashes) name;
  end if;
end
$$;

-- Decides the units of a call one after another, and brings the rows of the streams to the outcome.
--
--   plan  units     [time, whether its ids may be stored already, an id that is not if these are all], in order
--         writes    [unit, stream, expected version, number of events], sorted by unit
--         keys      [write, key, claim (true) or release (false)], sorted by write
--         commands  [unit, command id, fingerprint, result], done with the unit; sorted by unit
--
-- Returns of each write its stream, the version it starts from (null: refused), its time, and the version after
-- it or in its way; and of each unit status, explanation and the number of its last event.
create function annals.decide_appends(
  s_expected integer[], s_events integer[], s_recorded_at timestamptz[],
  s_refs bigint[], s_versions integer[], s_times timestamptz[],
  e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[],
  plan json,
  out refs bigint[], out starts integer[], out times timestamptz[], out versions integer[],
  out statuses smallint[], out explanations json, out last_events integer[]
)
language plpgsql
as $$
declare
  units record;
  writes record;
  keys record;
  commands record;
  repetition record;
  first_write integer;
  last_write integer := 0;
  first_event integer;
  last_event integer := 0;
  first_key integer;
  last_key integer := 0;
  first_command integer;
  last_command integer := 0;
  -- Of the commands of one id: whether one is stored, told by the number of the first.
  has_run boolean[];
  stream integer;
  refused integer;
  ran integer;
  details json[];
  -- Two units of one call with the same ids are rare, and a look for them costs the more the larger the call is.
  has_twins constant boolean := cardinality(e_id) > (select count(distinct id) from unnest(e_id) id);
begin
  if plan is null then
    select s_recorded_at as times, array_agg(false) as probes, array_agg(null::uuid) as ids_behind
    into units
    from unnest(s_refs);
    select array_agg(n) as units, array_agg(n) as streams, s_expected as expected, s_events as events
    into writes
    from generate_subscripts(s_refs, 1) n;
  else
    select
      array_agg((u->>0)::timestamptz) as times, array_agg((u->>1)::boolean) as probes,
      array_agg((u->>2)::uuid) as ids_behind
    into units
    from json_array_elements(plan->'units') u;
    select
      array_agg((w->>0)::integer) as units, array_agg((w->>1)::integer) as streams,
      array_agg((w->>2)::integer) as expected, array_agg((w->>3)::integer) as events
    into writes
    from json_array_elements(plan->'writes') w;
  end if;
  select
    array_agg((k->>0)::integer) as writes, array_agg(k->>1) as names, array_agg((k->>2)::boolean) as claims
  into keys
  from json_array_elements(plan->'keys') k;
  select array_agg(c.unit) as units, array_agg(c.id) as ids, array_agg(c.first) as firsts,
    array_agg(exists (select from annals.commands x where x.command_id = c.id)) as ran
  into commands
  from (
    select (c->>0)::integer as unit, c->>1 as id, min(n) over (partition by c->>1) as first, n
    from json_array_elements(plan->'commands') with ordinality as c (c, n)
    order by n
  ) c;

  refs := array(select s_refs[s] from unnest(writes.streams) s);
  starts := array_fill(null::integer, array[cardinality(refs)]);
  times := array_fill(null::timestamptz, array[cardinality(refs)]);
  versions := array_fill(0, array[cardinality(refs)]);
  statuses := array_fill(0::smallint, array[cardinality(units.probes)]);
  details := array_fill(null::json, array[cardinality(units.probes)]);
  has_run := commands.ran;

  for unit in 1 .. cardinality(units.probes) loop
    first_write := last_write + 1;
    first_event := last_event + 1;
    first_key := last_key + 1;
    first_command := last_command + 1;
    refused := null;
    while last_write < cardinality(refs) and writes.units[last_write + 1] = unit loop
      last_write := last_write + 1;
      last_event := last_event + writes.events[last_write];
      stream := writes.streams[last_write];
      versions[last_write] := s_versions[stream];
      s_versions[stream] := s_versions[stream] + writes.events[last_write];
      if refused is null and not (
        case writes.expected[last_write]
          when -1 then true
          when -2 then versions[last_write] > 0
          else versions[last_write] = writes.expected[last_write]
        end
      ) then
        refused := last_write;
      end if;
    end loop;
    while keys.writes[last_key + 1] <= last_write loop
      last_key := last_key + 1;
    end loop;
    while commands.units[last_command + 1] = unit loop
      last_command := last_command + 1;
    end loop;

    <<decision>>
    begin
      if (units.probes[unit] or refused is not null) and last_event >= first_event then
        -- An earlier unit of this call is about to store one of these ids, and cannot be compared with yet.
        if has_twins and exists (
          select from unnest(e_id[1:first_event - 1], e_write[1:first_event - 1]) as earlier (id, write)
          where earlier.id = any (e_id[first_event:last_event]) and starts[earlier.write] is not null
        ) then
          statuses[unit] := 6;
          exit decision;
        end if;
        select * into repetition
        from annals.find_repetition(
          refs, e_write[first_event:last_event], e_index[first_event:last_event], e_id[first_event:last_event],
          e_type[first_event:last_event], e_schema[first_event:last_event], e_payload[first_event:last_event]
        );
        if repetition.is_complete and exists (select from annals.events x where x.event_id = units.ids_behind[unit]) then
          statuses[unit] := 3;
          details[unit] := to_json(e_id[first_event]);
          exit decision;
        elsif repetition.is_complete then
          statuses[unit] := 2;
          details[unit] := to_json(repetition.positions);
          for w in first_write .. last_write loop
            versions[w] := coalesce(repetition.last_versions[w], versions[w]);
          end loop;
          exit decision;
        elsif repetition.taken_id is not null then
          statuses[unit] := 3;
          details[unit] := to_json(repetition.taken_id);
          exit decision;
        end if;
      end if;

      ran := null;
      for c in first_command .. last_command loop
        if commands.ran[c] or has_run[commands.firsts[c]] then
          ran := c;
        end if;
      end loop;
      if ran is not null then
        statuses[unit] := 5;
        details[unit] := to_json(commands.ids[ran]);
        exit decision;
      end if;

      if refused is not null then
        statuses[unit] := 1;
        details[unit] := to_json(refused);
        exit decision;
      end if;

      if last_key >= first_key then
        details[unit] := annals.change_unique_keys(
          refs, keys.writes[first_key:last_key], keys.names[first_key:last_key], keys.claims[first_key:last_key]
        );
        if details[unit] is not null then
          statuses[unit] := 4;
          exit decision;
        end if;
      end if;
    end;

    if statuses[unit] <> 0 then
      for w in first_write .. last_write loop
        stream := writes.streams[w];
        s_versions[stream] := s_versions[stream] - writes.events[w];
      end loop;
      for w in first_write .. last_write loop
        if statuses[unit] = 2 and writes.events[w] = 0 then
          versions[w] := s_versions[writes.streams[w]];
        end if;
      end loop;
      continue;
    end if;

    if last_event >= first_event then
      last_events[unit] := last_event;
    end if;
    for c in first_command .. last_command loop
      has_run[commands.firsts[c]] := true;
    end loop;
    for w in first_write .. last_write loop
      if refs[w] is null and writes.events[w] > 0 then
        raise exception 'A stream was added by another transaction that this one cannot see.'
          using errcode = 'serialization_failure';
      end if;
      stream := writes.streams[w];
      starts[w] := versions[w];
      versions[w] := starts[w] + writes.events[w];
      if writes.events[w] > 0 then
        s_times[stream] := greatest(s_times[stream], units.times[unit]);
      end if;
      times[w] := s_times[stream];
    end loop;
  end loop;

  update annals.streams x
  set version = s.version, recorded_at = s.recorded_at
  from (select unnest(s_refs) as ref, unnest(s_versions) as version, unnest(s_times) as recorded_at) s
  where x.stream_ref = s.ref and (x.version, x.recorded_at) <> (s.version, s.recorded_at);
  -- A stream that got no event does not exist.
  if 0 = any (s_versions) then
    delete from annals.streams where stream_ref = any (s_refs) and version = 0;
  end if;

  if 0 <> any (statuses) then
    explanations := to_json(details);
  end if;
end
$$;

-- Compares the events of one unit with what is stored under their ids. A repetition is complete: the same
-- content, in the same stream, one after another in the same order.
create function annals.find_repetition(
  refs bigint[],
  e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[],
  out is_complete boolean, out taken_id uuid, out positions bigint[], out last_versions integer[]
)
language plpgsql
as $$
declare
  stored record;
begin
  is_complete := true;
  positions := '{}';
  last_versions := '{}';
  for e in 1 .. cardinality(e_id) loop
    select x.position, x.stream_ref, x.version, x.event_type, x.schema_version, x.payload::text as payload
    into stored
    from annals.events x where x.event_id = e_id[e];
    if stored.position is not null then
      taken_id := coalesce(taken_id, e_id[e]);
    end if;
    is_complete := is_complete and coalesce(
      stored.stream_ref = refs[e_write[e]]
      and (e_index[e] = 1 or stored.version = last_versions[e_write[e]] + 1)
      and stored.event_type = e_type[e] and stored.schema_version = coalesce(e_schema[e], 1)
      and stored.payload = e_payload[e]::text, false);
    positions[e] := stored.position;
    last_versions[e_write[e]] := stored.version;
  end loop;
  if is_complete then
    taken_id := null;
  end if;
end
$$;

-- Releases and claims the keys of one unit; returns what is in the way, and then changes nothing.
create function annals.change_unique_keys(
  refs bigint[], k_write integer[], k_name text[], k_claim boolean[], out refusal json
)
language plpgsql
as $$
begin
  select json_build_object('write', k.write, 'key', k.name, 'type', s.aggregate_type, 'id', s.aggregate_id)
  into refusal
  from unnest(k_write, k_name, k_claim) as k (write, name, claim)
  join annals.unique_keys held on held.key = k.name and held.stream_ref <> refs[k.write]
  join annals.streams s on s.stream_ref = held.stream_ref
  where k.claim
    and not exists (
      select from unnest(k_write, k_name, k_claim) as r (write, name, claim)
      where not r.claim and r.name = k.name and refs[r.write] = held.stream_ref
    )
  limit 1;
  if refusal is not null then
    return;
  end if;

  -- Two streams of one unit may want the same key.
  if (select count(*) > count(distinct name) from unnest(k_name, k_claim) as k (name, claim) where claim) then
    select json_build_object('write', k.write, 'key', k.name, 'type', s.aggregate_type, 'id', s.aggregate_id)
    into refusal
    from unnest(k_write, k_name, k_claim) as earlier (write, name, claim)
    join unnest(k_write, k_name, k_claim) as k (write, name, claim)
      on k.name = earlier.name and k.write > earlier.write and refs[k.write] <> refs[earlier.write]
    join annals.streams s on s.stream_ref = refs[earlier.write]
    where earlier.claim and k.claim
    limit 1;
  end if;
  if refusal is not null then
    return;
  end if;

  delete from annals.unique_keys held
  using unnest(k_write, k_name, k_claim) as k (write, name, claim)
  where not k.claim and held.key = k.name and held.stream_ref = refs[k.write];

  insert into annals.unique_keys (key, stream_ref)
  select k.name, refs[k.write]
  from unnest(k_write, k_name, k_claim) as k (write, name, claim)
  where k.claim
  on conflict do nothing;
end
$$;

-- Notes the commands of the units that were stored, with the last position that each wrote.
create function annals.record_commands(
  plan json, statuses smallint[], last_events integer[], positions bigint[]
) returns void
language plpgsql
as $$
declare
  times timestamptz[];
begin
  if coalesce(json_array_length(plan->'commands'), 0) = 0 then
    return;
  end if;
  times := array(select (u->>0)::timestamptz from json_array_elements(plan->'units') u);
  insert into annals.commands (command_id, fingerprint, result, last_position, recorded_at)
  select c.id, c.fingerprint, c.result, coalesce(positions[last_events[c.unit]], 0), times[c.unit]
  from (
    select (c->>0)::integer as unit, c->>1 as id, c->>2 as fingerprint, (c->>3)::json as result
    from json_array_elements(plan->'commands') c
  ) c
  where statuses[c.unit] = 0;
end
$$;

-- The last event at or below whose position nothing can appear any more: at most what is allocated, or less where
-- a writer has announced that it may still take positions above a bound. The two are read in this order, in two
-- statements, and the events in a third.
--
-- It ends at an event, not at a position that was drawn and rolled back: only a commit is sure to be on disk, and
-- after a crash the sequence may give out once more what has been drawn above the last commit.
create function annals.settled_position() returns bigint
language plpgsql
as $$
declare
  tag constant bigint := 'annals.events'::regclass::oid::bigint & 32767;
  high bigint;
  bound bigint;
  settled bigint;
begin
  select last_value - (not is_called)::integer into high from annals.event_positions;
  select min(((classid::bigint & 65535) << 32) | objid::bigint) into bound
  from pg_locks
  where locktype = 'advisory' and mode = 'ShareLock' and objsubid = 1 and classid::bigint >> 16 = tag
    and database = (select oid from pg_database where datname = current_database());
  select position into settled from annals.events where position <= least(high, bound) order by position desc limit 1;
  return coalesce(settled, 0);
end
$$;
