-- Notes that a migration was applied.
--   $1 int number · $2 text name
insert into annals.migrations (number, name) values ($1, $2)
