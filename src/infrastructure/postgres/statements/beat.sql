-- Says that a node is alive and what it can run, and tells which nodes and builds there are.
--   $1 text node · $2 text[] what it runs · $3 int milliseconds for which it is alive
select annals.beat($1, $2, $3)::text
