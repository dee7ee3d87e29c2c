-- What reads of events have in common.

-- All that is known of an event besides payload and metadata, as one text: a reader takes a text apart faster than a
-- driver takes columns. The fields are divided by the unit separator, which neither identifiers nor JSON may contain; a
-- null is empty, and the last two are left out where the caller gives null. Simple enough to be inlined.
create function annals.envelope(
  "position" bigint, version integer, schema_version smallint, event_id uuid, event_type text,
  recorded_at timestamptz, correlation_id text, causation_id text, user_id text, actor text,
  aggregate_type text, aggregate_id text
) returns text
language sql stable parallel safe
as $$
  select concat_ws(
    e'\x1f', "position", version, schema_version, event_id, event_type,
    (date_part('epoch', recorded_at) * 1000)::bigint,
    coalesce(correlation_id, ''), coalesce(causation_id, ''), coalesce(user_id, ''), actor,
    aggregate_type, aggregate_id
  )
$$;

-- Functions that turn a time or a position into a bound that an index understands.

-- The positions between which all events recorded from `since` to `until` lie; either may be null, and its bound
-- is null, too.
--
-- Time grows with the position, but for the clocks of several writers that differ. So the bound is found by
-- bisection first, as if time never went back; then events that are out of line are looked for among the block
-- ranges of events_by_time which can hold any. The settings keep that look-up on this index: whole tables and
-- long ranges of positions, which the planner might prefer, are never read.
create function annals.positions_between(
  since timestamptz, until timestamptz, out first_position bigint, out last_position bigint
)
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_indexscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
begin
  if since is not null then
    first_position := annals.first_position_from(since, true);
    select coalesce(min(e.position + 0), first_position) into first_position
    from annals.events e where e.position < first_position and e.recorded_at >= since;
  end if;
  if until is not null then
    last_position := annals.first_position_from(until, false) - 1;
    select coalesce(max(e.position + 0), last_position) into last_position
    from annals.events e where e.position > last_position and e.recorded_at <= until;
  end if;
end
$$;

-- The first position recorded at or after a time (`inclusive`) or after it, as if time never went back.
create function annals.first_position_from(moment timestamptz, inclusive boolean) returns bigint
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_indexscan = on
set jit = off
as $$
declare
  low bigint := 1;
  high bigint := (select coalesce(max(e.position), 0) + 1 from annals.events e);
  middle bigint;
  place bigint;
  found_time timestamptz;
begin
  while low < high loop
    middle := (low + high) / 2;
    select e.position, e.recorded_at into place, found_time
    from annals.events e where e.position >= middle order by e.position limit 1;
    if found_time > moment or (inclusive and found_time = moment) then
      high := middle;
    else
      low := place + 1;
    end if;
  end loop;
  return low;
end
$$;

-- The version that a stream had at a position, by bisection: within a stream both grow together.
create function annals.version_at(of_stream bigint, at_position bigint) returns integer
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
  low integer := 0;
  high integer := (select s.version from annals.streams s where s.stream_ref = of_stream);
  middle integer;
  place bigint;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    select e.position into place from annals.events e where e.stream_ref = of_stream and e.version = middle;
    if place <= at_position then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end
$$;
