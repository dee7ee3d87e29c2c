-- table checkpoints with (fillfactor=50)
  name text collate "C" not null
  version integer not null
  shard integer not null default 0
  position bigint not null default 0
  epoch bigint not null default 0
  owner text
  leased_until timestamp with time zone
  moved_at timestamp with time zone not null default now()

-- table commands
  command_id text collate "C" not null
  fingerprint text collate "C" not null
  result json
  last_position bigint not null
  recorded_at timestamp with time zone not null

-- table deadlines
  deadline_id uuid not null
  process text collate "C" not null
  process_id text collate "C" not null
  name text not null
  body json
  due_at timestamp with time zone not null
  fired_at timestamp with time zone

-- table event_types
  event_type text collate "C" not null
  schema_version smallint not null
  description text
  schema json
  example json
  registered_at timestamp with time zone not null default now()

-- table events
  position bigint not null
  stream_ref bigint not null
  version integer not null
  schema_version smallint not null
  event_id uuid not null
  recorded_at timestamp with time zone not null
  event_type text collate "C" not null
  correlation_id text collate "C"
  causation_id text collate "C"
  user_id text collate "C"
  actor text collate "C" not null
  payload json not null
  metadata json

-- table migrations
  number integer not null
  name text not null
  applied_at timestamp with time zone not null default now()

-- table outbox
  message_id uuid not null
  kind text not null
  body json not null
  created_at timestamp with time zone not null default now()
  sent_at timestamp with time zone

-- table parked
  name text collate "C" not null
  version integer not null
  key text collate "C" not null
  position bigint not null
  error text
  attempts integer not null default 0
  parked_at timestamp with time zone not null default now()

-- table projections
  name text collate "C" not null
  version integer not null
  status text not null default 'live'::text
  created_at timestamp with time zone not null default now()

-- table snapshots
  stream_ref bigint not null
  schema_version integer not null
  version integer not null
  state json not null
  taken_at timestamp with time zone not null default now()

-- table streams with (fillfactor=70)
  stream_ref bigint not null generated always as identity
  aggregate_type text collate "C" not null
  aggregate_id text collate "C" not null
  version integer not null default 0
  recorded_at timestamp with time zone not null default '-infinity'::timestamp with time zone

-- table subject_keys
  subject text collate "C" not null
  key bytea
  created_at timestamp with time zone not null default now()
  forgotten_at timestamp with time zone

-- table unique_keys
  key text collate "C" not null
  stream_ref bigint not null

-- constraints of checkpoints
  checkpoints_pkey: PRIMARY KEY (name, version, shard)

-- constraints of commands
  commands_pkey: PRIMARY KEY (command_id)

-- constraints of deadlines
  deadlines_pkey: PRIMARY KEY (deadline_id)

-- constraints of event_types
  event_types_pkey: PRIMARY KEY (event_type, schema_version)

-- constraints of events
  events_pkey: PRIMARY KEY ("position")
  events_schema_version_check: CHECK ((schema_version > 0))
  events_version_check: CHECK ((version > 0))

-- constraints of migrations
  migrations_pkey: PRIMARY KEY (number)

-- constraints of outbox
  outbox_pkey: PRIMARY KEY (message_id)

-- constraints of parked
  parked_pkey: PRIMARY KEY (name, version, key, "position")

-- constraints of projections
  projections_pkey: PRIMARY KEY (name, version)
  projections_status_check: CHECK ((status = ANY (ARRAY['live'::text, 'building'::text, 'kept'::text, 'paused'::text, 'stopped'::text])))

-- constraints of snapshots
  snapshots_pkey: PRIMARY KEY (stream_ref, schema_version)

-- constraints of streams
  streams_pkey: PRIMARY KEY (stream_ref)
  streams_version_check: CHECK ((version >= 0))

-- constraints of subject_keys
  subject_keys_pkey: PRIMARY KEY (subject)

-- constraints of unique_keys
  unique_keys_pkey: PRIMARY KEY (key)

-- indexes of checkpoints
  CREATE UNIQUE INDEX checkpoints_pkey ON annals.checkpoints USING btree (name, version, shard)

-- indexes of commands
  CREATE UNIQUE INDEX commands_pkey ON annals.commands USING btree (command_id)

-- indexes of deadlines
  CREATE INDEX deadlines_due ON annals.deadlines USING btree (due_at) WHERE (fired_at IS NULL)
  CREATE UNIQUE INDEX deadlines_pkey ON annals.deadlines USING btree (deadline_id)

-- indexes of event_types
  CREATE UNIQUE INDEX event_types_pkey ON annals.event_types USING btree (event_type, schema_version)

-- indexes of events
  CREATE INDEX events_by_actor ON annals.events USING btree (actor, "position") WHERE ((actor <> 'system'::text) AND (actor IS DISTINCT FROM ('user:'::text || user_id)))
  CREATE INDEX events_by_causation ON annals.events USING btree (causation_id, "position") WHERE (causation_id IS NOT NULL)
  CREATE INDEX events_by_correlation ON annals.events USING btree (correlation_id, "position") WHERE (correlation_id IS NOT NULL)
  CREATE UNIQUE INDEX events_by_id ON annals.events USING btree (event_id)
  CREATE UNIQUE INDEX events_by_stream ON annals.events USING btree (stream_ref, version)
  CREATE INDEX events_by_time ON annals.events USING brin ("position", recorded_at) WITH (autosummarize='on')
  CREATE INDEX events_by_type ON annals.events USING btree (event_type, "position")
  CREATE INDEX events_by_user ON annals.events USING btree (user_id, "position") WHERE (user_id IS NOT NULL)
  CREATE UNIQUE INDEX events_pkey ON annals.events USING btree ("position")

-- indexes of migrations
  CREATE UNIQUE INDEX migrations_pkey ON annals.migrations USING btree (number)

-- indexes of outbox
  CREATE UNIQUE INDEX outbox_pkey ON annals.outbox USING btree (message_id)
  CREATE INDEX outbox_to_send ON annals.outbox USING btree (created_at) WHERE (sent_at IS NULL)

-- indexes of parked
  CREATE UNIQUE INDEX parked_pkey ON annals.parked USING btree (name, version, key, "position")

-- indexes of projections
  CREATE UNIQUE INDEX projections_pkey ON annals.projections USING btree (name, version)

-- indexes of snapshots
  CREATE UNIQUE INDEX snapshots_pkey ON annals.snapshots USING btree (stream_ref, schema_version)

-- indexes of streams
  CREATE UNIQUE INDEX streams_by_id ON annals.streams USING btree (aggregate_id, aggregate_type)
  CREATE INDEX streams_by_type ON annals.streams USING btree (aggregate_type)
  CREATE UNIQUE INDEX streams_pkey ON annals.streams USING btree (stream_ref)

-- indexes of subject_keys
  CREATE UNIQUE INDEX subject_keys_pkey ON annals.subject_keys USING btree (subject)

-- indexes of unique_keys
  CREATE UNIQUE INDEX unique_keys_pkey ON annals.unique_keys USING btree (key)

-- sequences
  event_positions as bigint start 1 increment 1 cache 1
  streams_stream_ref_seq as bigint start 1 increment 1 cache 1

-- triggers of events
  CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON annals.events FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_change()
  CREATE TRIGGER events_never_change BEFORE DELETE OR UPDATE ON annals.events FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_change()

-- function append_events
  CREATE OR REPLACE FUNCTION annals.append_events(s_type text[], s_id text[], u_recorded_at timestamp with time zone[], u_probe boolean[], w_unit integer[], w_stream integer[], w_expected integer[], w_events integer[], e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[], e_metadata json[], e_correlation text[], e_causation text[], e_user text[], e_actor text[], k_write integer[], k_key text[], k_claim boolean[], c_unit integer[], c_id text[], c_fingerprint text[], c_result json[], OUT statuses smallint[], OUT versions integer[], OUT positions bigint[], OUT explanations json)
   RETURNS record
   LANGUAGE plpgsql
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET enable_hashjoin TO 'off'
   SET enable_mergejoin TO 'off'
   SET jit TO 'off'
  AS $function$
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
  $function$

-- function change_unique_keys
  CREATE OR REPLACE FUNCTION annals.change_unique_keys(first_write integer, last_write integer, refs bigint[], w_stream integer[], k_write integer[], k_key text[], k_claim boolean[], OUT refusal json)
   RETURNS json
   LANGUAGE plpgsql
  AS $function$
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
  $function$

-- function find_repetition
  CREATE OR REPLACE FUNCTION annals.find_repetition(first_event integer, last_event integer, refs bigint[], w_stream integer[], e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[], OUT is_repetition boolean, OUT taken_id uuid, OUT found_positions bigint[], OUT last_versions integer[])
   RETURNS record
   LANGUAGE plpgsql
  AS $function$
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
  $function$

-- function first_position_from
  CREATE OR REPLACE FUNCTION annals.first_position_from(moment timestamp with time zone, inclusive boolean)
   RETURNS bigint
   LANGUAGE plpgsql
   STABLE
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET enable_indexscan TO 'on'
   SET jit TO 'off'
  AS $function$
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
  $function$

-- function positions_between
  CREATE OR REPLACE FUNCTION annals.positions_between(since timestamp with time zone, until timestamp with time zone, OUT first_position bigint, OUT last_position bigint)
   RETURNS record
   LANGUAGE plpgsql
   STABLE
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET enable_indexscan TO 'off'
   SET max_parallel_workers_per_gather TO '0'
   SET jit TO 'off'
  AS $function$
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
  $function$

-- function refuse_change
  CREATE OR REPLACE FUNCTION annals.refuse_change()
   RETURNS trigger
   LANGUAGE plpgsql
  AS $function$
  begin
    raise exception 'Events are never changed: % on %.% was refused.', tg_op, tg_table_schema, tg_table_name
      using errcode = 'restrict_violation',
            hint = 'Append an event that corrects the earlier one.';
  end
  $function$

-- function settled_position
  CREATE OR REPLACE FUNCTION annals.settled_position()
   RETURNS bigint
   LANGUAGE plpgsql
  AS $function$
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
  $function$

-- function version_at
  CREATE OR REPLACE FUNCTION annals.version_at(of_stream bigint, at_position bigint)
   RETURNS integer
   LANGUAGE plpgsql
   STABLE
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET jit TO 'off'
  AS $function$
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
  $function$
