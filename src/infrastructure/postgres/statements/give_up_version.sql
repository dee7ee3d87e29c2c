-- Has no node build a version by itself any more.
--   $1 text name · $2 int version
insert into annals.given_up_versions (name, version) values ($1, $2) on conflict do nothing
