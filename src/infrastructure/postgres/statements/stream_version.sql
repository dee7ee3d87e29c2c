-- The version of one stream.
--   $1 text aggregate id · $2 text aggregate type
select version from annals.streams where aggregate_id = $1 and aggregate_type = $2
