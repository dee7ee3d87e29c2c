-- The builds of inline projections that appends have to write to; they stay that until the transaction ends.
-- By name, so that appends which lock documents of several do not wait for each other in a ring.
--   $1 text[] names · $2 text[] those of them that no other append may enter meanwhile
select name, version, generation from annals.enter_inline($1, $2) order by name
