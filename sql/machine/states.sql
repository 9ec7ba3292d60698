-- Lists the states of recipients and the statuses of mailpieces.
merge into postrider.state s
using (values
  ('address_enrichable', 1, 'waiting', 'enrich', 'known by e-mail, no postal address yet'),
  ('address_enriching', 2, 'working', 'enrich', 'in a batch at the enricher'),
  ('pending', 3, 'waiting', 'proof', 'has an address, waits to be proofed'),
  ('proofing_staged', 4, 'staged', 'proof', 'in a cohort, queued for rendering'),
  ('proofing', 5, 'working', 'proof', 'being rendered'),
  ('proofed', 6, 'waiting', 'mail', 'proof images exist, waits to be mailed'),
  ('sending_staged', 7, 'staged', 'mail', 'in a cohort, queued for print'),
  ('sending', 8, 'working', 'mail', 'at the printer''s API'),
  ('sent', 9, 'waiting', 'track', 'accepted by the printer, on its way'),
  ('received', 10, 'terminal', null, 'delivered, with a confidence'),
  ('returned', 11, 'terminal', null, 'came back'),
  ('skipped', 12, 'terminal', null, 'not mailed, for a reason'),
  ('holdout', 13, 'terminal', null, 'kept back as control group'),
  ('blacklisted', 14, 'terminal', null, 'on a do-not-mail list'),
  ('error', 15, 'terminal', null, 'gave up: needs a person')
) as v (name, ordinal, kind, stage, meaning) on s.name = v.name
when matched then
  update set ordinal = v.ordinal, kind = v.kind, stage = v.stage, meaning = v.meaning
when not matched then
  insert values (v.name, v.ordinal, v.kind, v.stage, v.meaning);

merge into postrider.mailpiece_status s
using (values
  ('submitting', 0, true, null, 'opened, not yet answered for by the printer'),
  ('unknown', 1, true, null, 'submitted, outcome not known: reconcile asks the printer'),
  ('rejected', 5, false, null, 'rejected by the printer, nothing was made'),
  ('accepted', 10, true, null, 'the printer has it'),
  ('in_production', 20, true, null, 'on the press'),
  ('cancelled', 23, false, 'cancelled', 'called back before it was printed, or never submitted'),
  ('failed', 22, false, 'failed', 'the printer could not make it'),
  ('in_transit', 30, true, 'in_transit', 'with the carrier'),
  ('in_local_area', 40, true, 'in_transit', 'at the destination''s facility'),
  ('processed_for_delivery', 50, true, 'in_transit', 'sorted for the last mile'),
  ('delivered', 60, true, 'delivered', 'in the letterbox'),
  ('returned', 70, true, 'returned', 'came back'),
  ('voided', 100, false, null,
    'of a test, put aside when its campaign went live or its person changed: nothing was printed')
) as v (name, rank, is_open, event, meaning) on s.name = v.name
when matched then
  update set rank = v.rank, is_open = v.is_open, event = v.event, meaning = v.meaning
when not matched then
  insert values (v.name, v.rank, v.is_open, v.event, v.meaning);
