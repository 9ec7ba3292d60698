-- The tables of the first release, in order of dependency: run once, in a database that is new.
-- What comes first is bootstrap.sql (the schema, and the notes of what was applied). Then come
-- this file, the migrations by their numbers, pg-boss's schema postrider_queue, and
-- repeatable.sql. `postrider migrate` does all of it, and `postrider migrate --dry-run` prints it
-- in order for psql, with pg-boss and the notes. Without its notes `migrate` refuses a database.
\ir baseline/installation.sql
\ir baseline/machine.sql
\ir baseline/organization.sql
\ir baseline/connection.sql
\ir baseline/connection_limit.sql
\ir baseline/connection_breaker.sql
\ir baseline/printer.sql
\ir baseline/campaign.sql
\ir baseline/sync.sql
\ir baseline/recipient.sql
\ir baseline/enrichment.sql
\ir baseline/cohort.sql
\ir baseline/mailpiece.sql
\ir baseline/delivery.sql
\ir baseline/alarms_and_interventions.sql
\ir baseline/provider_call.sql
