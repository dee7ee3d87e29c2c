-- The log: streams, events, what is unique across streams, and the commands that ran.
-- Runnable by psql. Never edited once released; the next change is the next number.

create schema if not exists annals;

-- One row a stream: the lock that orders its writers, and its version.
-- Room for updates in place, because every append updates the row.
create sequence annals.stream_refs as bigint;

create table annals.streams (
  stream_ref bigint primary key default nextval('annals.stream_refs'),
  aggregate_type text collate "C" not null,
  aggregate_id text collate "C" not null,
  version integer not null,
  recorded_at timestamptz not null
) with (fillfactor = 70);

-- The id first: it also answers "which streams have this id, of any type".
create unique index streams_by_id on annals.streams (aggregate_id, aggregate_type);
-- Written once a stream, whatever is appended to it.
create index streams_by_type on annals.streams (aggregate_type);

-- Positions: never cached per connection, never set back (docs/adr/0004-one-order-for-every-reader.md).
create sequence annals.event_positions as bigint cache 1;

create table annals.events (
  position bigint primary key,
  stream_ref bigint not null,
  version integer not null,
  schema_version smallint not null,
  event_id uuid not null,
  recorded_at timestamptz not null,
  event_type text collate "C" not null,
  correlation_id text collate "C",
  causation_id text collate "C",
  user_id text collate "C",
  actor text collate "C" not null,
  payload json not null,
  metadata json
);

create unique index events_by_stream on annals.events (stream_ref, version);
create unique index events_by_id on annals.events (event_id);
create index events_by_type on annals.events (event_type, position);
create index events_by_correlation on annals.events (correlation_id, position) where correlation_id is not null;
create index events_by_causation on annals.events (causation_id, position) where causation_id is not null;
create index events_by_user on annals.events (user_id, position) where user_id is not null;
-- Who acts is the user or the system almost always; only the others cost an entry.
create index events_by_actor on annals.events (actor, position)
  where actor <> 'system' and actor is distinct from 'user:' || user_id;
-- Finds events out of line with time and position (0006_event_search.sql); a few bytes for thousands of events.
create index events_by_time on annals.events using brin (position, recorded_at) with (autosummarize = on);

-- A key belongs to one stream at a time.
create table annals.unique_keys (
  key text collate "C" primary key,
  stream_ref bigint not null
);

-- Commands that were dispatched with an id of their own, so that they never run twice.
create table annals.commands (
  command_id text collate "C" primary key,
  fingerprint text collate "C" not null,
  result json,
  last_position bigint not null,
  recorded_at timestamptz not null
);

create function annals.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'Events are never changed: % on %.% was refused.', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation',
          hint = 'Append an event that corrects the earlier one.';
end
$$;

create trigger events_never_change before update or delete on annals.events
  for each statement execute function annals.refuse_change();
create trigger events_are_never_truncated before truncate on annals.events
  for each statement execute function annals.refuse_change();

-- What an event is of is kept with its stream. Appends move the version; a stream that got no event may go.
create trigger streams_keep_their_names before update of stream_ref, aggregate_type, aggregate_id on annals.streams
  for each statement execute function annals.refuse_change();
create trigger streams_are_never_removed before delete on annals.streams
  for each row when (old.version > 0) execute function annals.refuse_change();
create trigger streams_are_never_truncated before truncate on annals.streams
  for each statement execute function annals.refuse_change();
