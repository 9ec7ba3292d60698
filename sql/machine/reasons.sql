-- Says why people are where they are: the code for programs, the sentence for people.
merge into postrider.reason r
using (values
  -- turned away
  ('duplicate', 'Somebody with the same e-mail or household is already in this campaign.', true),
  ('cross_campaign', 'In flight or mailed lately in another campaign of the organization.', true),
  ('frequency_cap', 'The household was mailed too recently.', true),
  ('holdout', 'The household is in the control group.', true),
  ('suppressed', 'On a do-not-mail list.', true),
  ('no_address', 'No postal address is known, and none was found.', false),
  ('left_segment', 'No longer in the segment, before anything was proofed.', false),
  ('cancelled', 'Cancelled.', false),
  ('campaign_closed', 'The campaign ended before the card was sent.', false),
  ('offer_over', 'The offer would be over before the card arrives.', true),
  ('bad_address', 'The address cannot be mailed. A corrected one brings the person back.', false),
  ('given_up', 'An operator gave up on it.', false),
  ('erased', 'Erased at the person''s request.', true),
  -- coming back
  ('held', 'Held: goes on when released.', true),
  ('campaign_not_running', 'The campaign does not run.', true),
  ('printer_changed', 'The campaign has changed to another printer: goes on there.', true),
  ('not_armed', 'Nobody has armed the printer for live printing.', true),
  ('begin_failed', 'The cohort did not begin: its job was lost or failed.', true),
  ('lease_lost', 'The runner that had it went silent.', true),
  ('cap_reached', 'A cap or the budget of the campaign is reached: goes on later.', true),
  ('frequency_deferred',
    'The household was mailed recently: waits until it may be mailed again.', true),
  ('retry', 'Failed in passing: will be tried again.', true),
  ('proven_absent',
    'The printer does not have it: will be submitted again with the same key.', true),
  ('same_key_again',
    'The printer cannot tell, but honours the key: will be submitted again with the same key.',
    true),
  ('not_answered', 'The adapter gave no result for it.', true),
  ('batch_lost', 'The enricher lost the batch.', true),
  -- giving up
  ('render_failed', 'The card could not be rendered.', true),
  ('rejected', 'The printer refused the card.', true),
  ('outcome_unknown',
    'Nobody can tell whether the card was printed: look at the printer''s console and resolve it.',
    true),
  ('failed_at_printer', 'The printer could not make the card.', true),
  ('too_many_losses', 'Ten cohorts were lost with this person in them.', true),
  -- going well
  ('new', 'Came with the segment.', true),
  ('address_found', 'The address was found.', true),
  ('address_came', 'The source came to know the address.', true),
  ('staged', 'Taken into a cohort.', true),
  ('begun', 'The cohort has begun.', true),
  ('rendered', 'Front and back are rendered.', true),
  ('accepted', 'The printer accepted the card.', true),
  ('late_evidence', 'The printer has the card, as a late answer shows.', true),
  ('found_after_restore',
    'The printer has the card: it was sent after the backup that was restored.', true),
  ('resolved_printed', 'An operator found out that the card was printed.', true),
  ('resolved_not_printed', 'An operator found out that the card was not printed.', true),
  ('scan', 'Delivered: scanned by the carrier.', true),
  ('assumed', 'Delivered, as far as the usual time allows to assume.', true),
  ('logical', 'Delivered: inferred by the carrier.', true),
  ('estimated', 'Delivered: an estimate of the printer.', true),
  ('returned', 'Came back.', true),
  ('retried', 'Tried again by an operator.', true),
  ('went_live', 'The campaign went live: what came of it in the test does not count.', true),
  ('amended', 'An operator amended name, address or merge data: the card is made anew.', true)
) as v (code, sentence, holds_place) on r.code = v.code
when matched then
  update set sentence = v.sentence, holds_place = v.holds_place
when not matched then
  insert values (v.code, v.sentence, v.holds_place);
