-- The builds of inline projections that appends have to write to; they stay that until the transaction ends.
--   $1 text[] names
select name, version, generation from annals.enter_inline($1)
