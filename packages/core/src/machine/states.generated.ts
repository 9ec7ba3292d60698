// Generated from sql/machine/ by `npm run generate`. Do not edit.

/** Where a recipient is. */
export type RecipientState =
  | 'address_enrichable'
  | 'address_enriching'
  | 'pending'
  | 'proofing_staged'
  | 'proofing'
  | 'proofed'
  | 'sending_staged'
  | 'sending'
  | 'sent'
  | 'received'
  | 'returned'
  | 'skipped'
  | 'holdout'
  | 'blacklisted'
  | 'error';

/** Where a mailpiece is. */
export type MailpieceState =
  | 'submitting'
  | 'unknown'
  | 'rejected'
  | 'accepted'
  | 'in_production'
  | 'cancelled'
  | 'failed'
  | 'in_transit'
  | 'in_local_area'
  | 'processed_for_delivery'
  | 'delivered'
  | 'returned'
  | 'voided';

/** Who moves recipients. */
export type Actor =
  | 'sync'
  | 'enrich'
  | 'proof'
  | 'mail'
  | 'track'
  | 'op';

/** Why somebody is where they are. */
export type Reason =
  | 'duplicate'
  | 'cross_campaign'
  | 'frequency_cap'
  | 'holdout'
  | 'suppressed'
  | 'do_not_mail'
  | 'no_address'
  | 'left_segment'
  | 'cancelled'
  | 'campaign_closed'
  | 'offer_over'
  | 'bad_address'
  | 'given_up'
  | 'erased'
  | 'held'
  | 'campaign_not_running'
  | 'artwork_rejected'
  | 'artwork_gone'
  | 'printer_changed'
  | 'not_armed'
  | 'connection_mode'
  | 'begin_failed'
  | 'lease_lost'
  | 'cap_reached'
  | 'frequency_deferred'
  | 'retry'
  | 'proven_absent'
  | 'same_key_again'
  | 'not_answered'
  | 'batch_lost'
  | 'connection_broken'
  | 'render_failed'
  | 'rejected'
  | 'outcome_unknown'
  | 'failed_at_printer'
  | 'too_many_losses'
  | 'new'
  | 'address_found'
  | 'address_came'
  | 'staged'
  | 'begun'
  | 'rendered'
  | 'accepted'
  | 'late_evidence'
  | 'found_after_restore'
  | 'resolved_printed'
  | 'resolved_not_printed'
  | 'scan'
  | 'assumed'
  | 'logical'
  | 'estimated'
  | 'returned'
  | 'retried'
  | 'source_changed'
  | 'went_live'
  | 'amended';

export interface Transition {
  /** Null: a new recipient. */
  readonly from: RecipientState | null;
  readonly to: RecipientState;
  readonly actors: readonly Actor[];
  readonly why: string;
}

export const states: readonly RecipientState[] = [
  'address_enrichable',
  'address_enriching',
  'pending',
  'proofing_staged',
  'proofing',
  'proofed',
  'sending_staged',
  'sending',
  'sent',
  'received',
  'returned',
  'skipped',
  'holdout',
  'blacklisted',
  'error',
];

export const terminalStates: ReadonlySet<RecipientState> = new Set<RecipientState>([
  'received',
  'returned',
  'skipped',
  'holdout',
  'blacklisted',
  'error',
]);

export const transitions: readonly Transition[] = [
  { from: null, to: 'pending', actors: ['sync'], why: "the segment has somebody with an address" },
  { from: null, to: 'address_enrichable', actors: ['sync'], why: "the segment has somebody known by e-mail only" },
  { from: null, to: 'skipped', actors: ['sync'], why: "turned away on admission, and kept with the reason" },
  { from: null, to: 'holdout', actors: ['sync'], why: "the household is in the control group" },
  { from: null, to: 'blacklisted', actors: ['sync'], why: "on a do-not-mail list" },
  { from: 'address_enrichable', to: 'address_enriching', actors: ['enrich'], why: "taken into a batch for the enricher" },
  { from: 'address_enrichable', to: 'pending', actors: ['sync', 'op'], why: "the source itself came to know the address, or an operator gave it" },
  { from: 'address_enrichable', to: 'holdout', actors: ['sync', 'op'], why: "the address came from the source or an operator, and the household is in the control group" },
  { from: 'address_enrichable', to: 'skipped', actors: ['sync', 'enrich', 'op'], why: "left the segment, no enricher to ask, a bad or a duplicate address came, or cancelled" },
  { from: 'address_enrichable', to: 'blacklisted', actors: ['sync', 'op'], why: "opted out" },
  { from: 'address_enrichable', to: 'sent', actors: ['mail', 'track', 'op'], why: "late evidence: the printer has a card of an earlier try, or from before a restore" },
  { from: 'address_enriching', to: 'pending', actors: ['enrich', 'op'], why: "the enricher found the address, or an operator gave it" },
  { from: 'address_enriching', to: 'holdout', actors: ['enrich', 'op'], why: "found, or given by an operator, and the household is in the control group" },
  { from: 'address_enriching', to: 'address_enrichable', actors: ['enrich'], why: "the enricher lost the batch: its people go back" },
  { from: 'address_enriching', to: 'error', actors: ['enrich'], why: "too many batches were lost with this person in them" },
  { from: 'address_enriching', to: 'skipped', actors: ['enrich', 'op'], why: "no address found, a duplicate by the address found, a bad one, or cancelled" },
  { from: 'address_enriching', to: 'blacklisted', actors: ['sync', 'enrich', 'op'], why: "opted out" },
  { from: 'address_enriching', to: 'sent', actors: ['mail', 'track', 'op'], why: "late evidence: the printer has a card of an earlier try, or from before a restore" },
  { from: 'pending', to: 'proofing_staged', actors: ['proof'], why: "taken into a cohort for rendering" },
  { from: 'pending', to: 'holdout', actors: ['sync'], why: "the address changed, and the new household is in the control group" },
  { from: 'pending', to: 'skipped', actors: ['sync', 'op'], why: "left the segment, a duplicate by a changed address, a bad one, or cancelled" },
  { from: 'pending', to: 'blacklisted', actors: ['sync', 'op'], why: "opted out" },
  { from: 'pending', to: 'sent', actors: ['mail', 'track', 'op'], why: "late evidence: the printer has a card of an earlier try, or from before a restore" },
  { from: 'proofing_staged', to: 'proofing', actors: ['proof'], why: "the cohort has begun" },
  { from: 'proofing_staged', to: 'pending', actors: ['proof', 'op'], why: "the cohort could not begin: held, or its job was lost; or an operator amended the content" },
  { from: 'proofing_staged', to: 'error', actors: ['proof'], why: "the begin failed 10 times" },
  { from: 'proofing_staged', to: 'skipped', actors: ['op'], why: "cancelled" },
  { from: 'proofing_staged', to: 'blacklisted', actors: ['sync', 'op'], why: "opted out" },
  { from: 'proofing_staged', to: 'sent', actors: ['mail', 'track', 'op'], why: "late evidence: the printer has a card of an earlier try, or from before a restore" },
  { from: 'proofing', to: 'proofed', actors: ['proof'], why: "front and back are rendered and stored" },
  { from: 'proofing', to: 'pending', actors: ['proof', 'op'], why: "to be tried again, the lease was lost, or an operator amended the content" },
  { from: 'proofing', to: 'error', actors: ['proof'], why: "cannot be rendered" },
  { from: 'proofing', to: 'skipped', actors: ['proof', 'op'], why: "cancelled" },
  { from: 'proofing', to: 'blacklisted', actors: ['sync', 'op'], why: "opted out" },
  { from: 'proofing', to: 'sent', actors: ['mail', 'track', 'op'], why: "late evidence: the printer has a card of an earlier try, or from before a restore" },
  { from: 'proofed', to: 'sending_staged', actors: ['mail'], why: "taken into a cohort for the printer" },
  { from: 'proofed', to: 'sending', actors: ['sync', 'op'], why: "stopped while nobody knows whether its card was made: the printer is asked first" },
  { from: 'proofed', to: 'pending', actors: ['sync', 'op'], why: "the content changed: it must be proofed again (only without an open mailpiece)" },
  { from: 'proofed', to: 'skipped', actors: ['op'], why: "cancelled" },
  { from: 'proofed', to: 'blacklisted', actors: ['sync', 'op'], why: "opted out" },
  { from: 'proofed', to: 'sent', actors: ['mail', 'track'], why: "late evidence: the printer has the card after all" },
  { from: 'sending_staged', to: 'sending', actors: ['sync', 'mail', 'op'], why: "the cohort has begun, eligibility was checked again; or stopped while nobody knows whether its card was made: the printer is asked first" },
  { from: 'sending_staged', to: 'proofed', actors: ['mail'], why: "the cohort could not begin, or a cap was reached: later" },
  { from: 'sending_staged', to: 'pending', actors: ['mail', 'op'], why: "an operator amended the content, or the printer rejects the artwork of its proof: it must be proofed again (only without an open mailpiece)" },
  { from: 'sending_staged', to: 'error', actors: ['mail'], why: "the begin failed 10 times" },
  { from: 'sending_staged', to: 'skipped', actors: ['mail', 'op'], why: "no longer eligible, or cancelled" },
  { from: 'sending_staged', to: 'blacklisted', actors: ['sync', 'mail', 'op'], why: "opted out before anything was sent" },
  { from: 'sending_staged', to: 'sent', actors: ['mail', 'track'], why: "late evidence: the printer has the card after all" },
  { from: 'sending', to: 'sent', actors: ['mail', 'track'], why: "the printer accepted the card" },
  { from: 'sending', to: 'proofed', actors: ['mail'], why: "proven not printed: to be submitted again with the same key" },
  { from: 'sending', to: 'pending', actors: ['mail'], why: "its document is gone: it must be proofed again (only without an open mailpiece)" },
  { from: 'sending', to: 'skipped', actors: ['mail'], why: "bad address, or cancelled and proven not printed" },
  { from: 'sending', to: 'error', actors: ['mail'], why: "rejected by the printer, or the outcome cannot be known" },
  { from: 'sent', to: 'received', actors: ['track'], why: "delivered, or assumed so after the usual time" },
  { from: 'sent', to: 'returned', actors: ['track'], why: "came back" },
  { from: 'sent', to: 'skipped', actors: ['mail', 'track'], why: "cancelled at the printer" },
  { from: 'sent', to: 'error', actors: ['track'], why: "the printer failed to make it" },
  { from: 'sent', to: 'pending', actors: ['op'], why: "a test does not count any more (only with a voided test mailpiece)" },
  { from: 'received', to: 'returned', actors: ['track'], why: "came back after it was thought delivered" },
  { from: 'received', to: 'pending', actors: ['op'], why: "a test does not count any more (only with a voided test mailpiece)" },
  { from: 'returned', to: 'pending', actors: ['op'], why: "a test does not count any more (only with a voided test mailpiece)" },
  { from: 'error', to: 'pending', actors: ['mail', 'op'], why: "tried again from the start, or the artwork that was rejected is the campaign's fault (only without an open mailpiece)" },
  { from: 'error', to: 'address_enrichable', actors: ['op'], why: "tried again with the enricher" },
  { from: 'error', to: 'proofed', actors: ['op'], why: "tried again with the proof it has" },
  { from: 'error', to: 'sending', actors: ['op'], why: "given up while nobody knows whether its card was made: the printer is asked first" },
  { from: 'error', to: 'skipped', actors: ['track', 'op'], why: "given up, or called back at the printer that had failed to make it" },
  { from: 'error', to: 'sent', actors: ['mail', 'track', 'op'], why: "evidence: the printer has the card" },
  { from: 'skipped', to: 'pending', actors: ['sync', 'op'], why: "the address that was missing or bad has come, or only a test's printer had rejected it" },
  { from: 'skipped', to: 'blacklisted', actors: ['sync', 'op'], why: "the source says not to mail somebody who might have come back" },
  { from: 'skipped', to: 'sent', actors: ['mail', 'track'], why: "late evidence, with an alarm: the card was printed all the same" },
  { from: 'blacklisted', to: 'sent', actors: ['mail', 'track'], why: "late evidence, with an alarm: the card was printed all the same" },
];
