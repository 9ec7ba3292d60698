-- A batch belongs to the enricher that took it, by its name in the campaign: another one is never asked about it. Null: taken before names were kept.
alter table postrider.enrichment_batch add column enricher text;
