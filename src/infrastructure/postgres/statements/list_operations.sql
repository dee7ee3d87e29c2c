-- What was done to a projection or a consumer, or to all, the latest first.
--   $1 text name, or null · $2 int how many
select action, name, version, actor, reason, details, (date_part('epoch', at) * 1000)::bigint
from annals.operations
where $1::text is null or name = $1
order by operation_id desc
limit $2
