-- Notes how far a consumer has read.
--   $1 text name · $2 bigint position
update annals.consumers set read_position = $2 where name = $1
