-- Lets nodes build a version by themselves again.
--   $1 text name · $2 int version
delete from annals.given_up_versions where name = $1 and version = $2
