-- What has to happen later: commands and messages to send, and deadlines to meet.

create table annals.outbox (
  message_id uuid primary key,
  kind text not null,
  body json not null,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index outbox_to_send on annals.outbox (created_at) where sent_at is null;

create table annals.deadlines (
  deadline_id uuid primary key,
  process text collate "C" not null,
  process_id text collate "C" not null,
  name text not null,
  body json,
  due_at timestamptz not null,
  fired_at timestamptz
);
create index deadlines_due on annals.deadlines (due_at) where fired_at is null;
