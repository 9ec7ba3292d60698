-- The tables of the first release, in order of dependency: run once, in a database that is new.
\ir baseline/installation.sql
\ir baseline/machine.sql
\ir baseline/organization.sql
\ir baseline/printer.sql
\ir baseline/campaign.sql
\ir baseline/sync.sql
\ir baseline/recipient.sql
\ir baseline/enrichment.sql
\ir baseline/cohort.sql
\ir baseline/mailpiece.sql
\ir baseline/attention.sql
