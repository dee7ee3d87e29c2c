-- The numbers of the migrations that this schema has seen.
select number from annals.migrations order by number
