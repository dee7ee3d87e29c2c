-- How many deliveries of a consumer are open, by their status, and the first position of each.
--   $1 text consumer
select status, count(*), min(position)
from annals.deliveries
where consumer = $1 and closed_at is null
group by status
