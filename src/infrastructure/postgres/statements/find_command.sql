-- What is known of a command that ran.
--   $1 text command id
select fingerprint, result, last_position from annals.commands where command_id = $1
