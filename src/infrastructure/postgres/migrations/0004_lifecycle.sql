-- What belongs to the long life of events: snapshots, the catalog of types, and keys of forgettable data.

create table annals.snapshots (
  stream_ref bigint not null,
  schema_version integer not null,
  version integer not null,
  state json not null,
  taken_at timestamptz not null default now(),
  primary key (stream_ref, schema_version)
);

create table annals.event_types (
  event_type text collate "C" not null,
  schema_version smallint not null,
  description text,
  schema json,
  example json,
  registered_at timestamptz not null default now(),
  primary key (event_type, schema_version)
);

create table annals.subject_keys (
  subject text collate "C" primary key,
  key bytea,
  created_at timestamptz not null default now(),
  forgotten_at timestamptz
);
