-- Forgets what was closed before a time.
--   $1 text consumer · $2 bigint milliseconds since 1970
with gone as (
  delete from annals.deliveries
  where consumer = $1 and closed_at < to_timestamp($2::double precision / 1000)
  returning 1
)
select count(*) from gone
