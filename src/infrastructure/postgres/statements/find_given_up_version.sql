-- One row if a version was given up.
--   $1 text name · $2 int version
select version from annals.given_up_versions where name = $1 and version = $2
