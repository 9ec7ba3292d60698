-- The tables of the first release, in order of dependency: run once, in a database that is new.
-- What comes first is bootstrap.sql (the schema, and the notes of what was applied). Then come
-- this file, the migrations by their numbers, pg-boss's schema postrider_queue, and
-- repeatable.sql. `postrider migrate` does all of it, and `postrider migrate --dry-run` prints it
-- in order for psql, with pg-boss and the notes. Without its notes `migrate` refuses a database.
\ir baseline/clock.sql
\ir baseline/installation.sql
\ir baseline/runner.sql
\ir baseline/beat.sql
\ir baseline/turn.sql
\ir baseline/machine.sql
\ir baseline/organization.sql
\ir baseline/connection.sql
\ir baseline/connection_limit.sql
\ir baseline/connection_breaker.sql
\ir baseline/connection_state.sql
\ir baseline/printer.sql
\ir baseline/campaign.sql
\ir baseline/sync.sql
\ir baseline/recipient.sql
\ir baseline/enrichment.sql
\ir baseline/cohort.sql
\ir baseline/proof.sql
\ir baseline/stored_document.sql
\ir baseline/mailpiece.sql
\ir baseline/webhook_inbox.sql
\ir baseline/effect.sql
\ir baseline/delivery.sql
\ir baseline/intervention.sql
\ir baseline/alarm.sql
\ir baseline/work_failure.sql
\ir baseline/provider_call.sql
