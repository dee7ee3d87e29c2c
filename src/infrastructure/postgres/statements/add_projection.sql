-- Notes a projection and gives it a checkpoint, unless it is known.
--   $1 text name · $2 int version · $3 bigint position
with added as (
  insert into annals.projections (name, version) values ($1, $2) on conflict do nothing
)
insert into annals.checkpoints (name, version, position) values ($1, $2, $3) on conflict do nothing
