-- Lists every legal move, who may make it, and why it exists. Anything else is refused. `op` is an
-- operator.
with wanted (from_state, to_state, actors, why) as (values
  (null, 'pending', 'sync', 'the segment has somebody with an address'),
  (null, 'address_enrichable', 'sync', 'the segment has somebody known by e-mail only'),
  (null, 'skipped', 'sync', 'turned away on admission, and kept with the reason'),
  (null, 'holdout', 'sync', 'the household is in the control group'),
  (null, 'blacklisted', 'sync', 'on a do-not-mail list'),

  ('address_enrichable', 'address_enriching', 'enrich', 'taken into a batch for the enricher'),
  ('address_enrichable', 'pending', 'sync,op',
    'the source itself came to know the address, or an operator gave it'),
  ('address_enrichable', 'holdout', 'sync,op',
    'the address came from the source or an operator, and the household is in the control group'),
  ('address_enrichable', 'skipped', 'sync,enrich,op',
    'left the segment, no enricher to ask, a bad or a duplicate address came, or cancelled'),
  ('address_enrichable', 'blacklisted', 'sync,op', 'opted out'),
  ('address_enrichable', 'sent', 'mail,track,op',
    'late evidence: the printer has a card of an earlier try, or from before a restore'),

  ('address_enriching', 'pending', 'enrich,op',
    'the enricher found the address, or an operator gave it'),
  ('address_enriching', 'holdout', 'enrich,op',
    'found, or given by an operator, and the household is in the control group'),
  ('address_enriching', 'address_enrichable', 'enrich',
    'the enricher lost the batch: its people go back'),
  ('address_enriching', 'error', 'enrich', 'too many batches were lost with this person in them'),
  ('address_enriching', 'skipped', 'enrich,op',
    'no address found, a duplicate by the address found, a bad one, or cancelled'),
  ('address_enriching', 'blacklisted', 'sync,enrich,op', 'opted out'),
  ('address_enriching', 'sent', 'mail,track,op',
    'late evidence: the printer has a card of an earlier try, or from before a restore'),

  ('pending', 'proofing_staged', 'proof', 'taken into a cohort for rendering'),
  ('pending', 'holdout', 'sync',
    'the address changed, and the new household is in the control group'),
  ('pending', 'skipped', 'sync,op',
    'left the segment, a duplicate by a changed address, a bad one, or cancelled'),
  ('pending', 'blacklisted', 'sync,op', 'opted out'),
  ('pending', 'sent', 'mail,track,op',
    'late evidence: the printer has a card of an earlier try, or from before a restore'),

  ('proofing_staged', 'proofing', 'proof', 'the cohort has begun'),
  ('proofing_staged', 'pending', 'proof,op',
    'the cohort could not begin: held, or its job was lost; or an operator amended the content'),
  ('proofing_staged', 'error', 'proof', 'the begin failed 10 times'),
  ('proofing_staged', 'skipped', 'op', 'cancelled'),
  ('proofing_staged', 'blacklisted', 'sync,op', 'opted out'),
  ('proofing_staged', 'sent', 'mail,track,op',
    'late evidence: the printer has a card of an earlier try, or from before a restore'),

  ('proofing', 'proofed', 'proof', 'front and back are rendered and stored'),
  ('proofing', 'pending', 'proof,op',
    'to be tried again, the lease was lost, or an operator amended the content'),
  ('proofing', 'error', 'proof', 'cannot be rendered'),
  ('proofing', 'skipped', 'proof,op', 'cancelled'),
  ('proofing', 'blacklisted', 'sync,op', 'opted out'),
  ('proofing', 'sent', 'mail,track,op',
    'late evidence: the printer has a card of an earlier try, or from before a restore'),

  ('proofed', 'sending_staged', 'mail', 'taken into a cohort for the printer'),
  ('proofed', 'sending', 'sync,op',
    'stopped while nobody knows whether its card was made: the printer is asked first'),
  ('proofed', 'pending', 'sync,op',
    'the content changed: it must be proofed again (only without an open mailpiece)'),
  ('proofed', 'skipped', 'op', 'cancelled'),
  ('proofed', 'blacklisted', 'sync,op', 'opted out'),
  ('proofed', 'sent', 'mail,track', 'late evidence: the printer has the card after all'),

  ('sending_staged', 'sending', 'sync,mail,op',
    'the cohort has begun, eligibility was checked again; or stopped while nobody knows whether its '
    'card was made: the printer is asked first'),
  ('sending_staged', 'proofed', 'mail', 'the cohort could not begin, or a cap was reached: later'),
  ('sending_staged', 'pending', 'mail,op',
    'an operator amended the content, or the printer rejects the artwork of its proof: it must be '
    'proofed again (only without an open mailpiece)'),
  ('sending_staged', 'error', 'mail', 'the begin failed 10 times'),
  ('sending_staged', 'skipped', 'mail,op', 'no longer eligible, or cancelled'),
  ('sending_staged', 'blacklisted', 'sync,mail,op', 'opted out before anything was sent'),
  ('sending_staged', 'sent', 'mail,track', 'late evidence: the printer has the card after all'),

  ('sending', 'sent', 'mail,track', 'the printer accepted the card'),
  ('sending', 'proofed', 'mail', 'proven not printed: to be submitted again with the same key'),
  ('sending', 'pending', 'mail',
    'its document is gone: it must be proofed again (only without an open mailpiece)'),
  ('sending', 'skipped', 'mail', 'bad address, or cancelled and proven not printed'),
  ('sending', 'error', 'mail', 'rejected by the printer, or the outcome cannot be known'),

  ('sent', 'received', 'track', 'delivered, or assumed so after the usual time'),
  ('sent', 'returned', 'track', 'came back'),
  ('sent', 'skipped', 'mail,track', 'cancelled at the printer'),
  ('sent', 'error', 'track', 'the printer failed to make it'),
  ('sent', 'pending', 'op',
    'a test does not count any more (only with a voided test mailpiece)'),

  ('received', 'returned', 'track', 'came back after it was thought delivered'),
  ('received', 'pending', 'op',
    'a test does not count any more (only with a voided test mailpiece)'),

  ('returned', 'pending', 'op',
    'a test does not count any more (only with a voided test mailpiece)'),

  ('error', 'pending', 'mail,op',
    'tried again from the start, or the artwork that was rejected is the campaign''s fault (only '
    'without an open mailpiece)'),
  ('error', 'address_enrichable', 'op', 'tried again with the enricher'),
  ('error', 'proofed', 'op', 'tried again with the proof it has'),
  ('error', 'sending', 'op',
    'given up while nobody knows whether its card was made: the printer is asked first'),
  ('error', 'skipped', 'track,op',
    'given up, or called back at the printer that had failed to make it'),
  ('error', 'sent', 'mail,track,op', 'evidence: the printer has the card'),

  ('skipped', 'pending', 'sync,op',
    'the address that was missing or bad has come, or only a test''s printer had rejected it'),
  ('skipped', 'blacklisted', 'sync,op',
    'the source says not to mail somebody who might have come back'),
  ('skipped', 'sent', 'mail,track',
    'late evidence, with an alarm: the card was printed all the same'),
  ('blacklisted', 'sent', 'mail,track',
    'late evidence, with an alarm: the card was printed all the same')
), wanted_row as (
  select w.from_state, w.to_state, a.actor, w.why
  from wanted w
  cross join lateral unnest(string_to_array(w.actors, ',')) as a (actor)
), gone as (
  delete from postrider.transition t
  where not exists (
    select from wanted_row w
    where w.from_state is not distinct from t.from_state
      and w.to_state = t.to_state
      and w.actor = t.actor)
)
insert into postrider.transition (from_state, to_state, actor, why)
select from_state, to_state, actor, why
from wanted_row
on conflict on constraint transition_key do update
  set why = excluded.why;
