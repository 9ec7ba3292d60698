/** Safeguards of the SQL. */
import type { Mutant } from './mutants.ts';

const settleMail = 'sql/functions/50_mail/settle_mail.sql';
const beginMail = 'sql/functions/50_mail/begin_mail.sql';
const reconcile = 'sql/functions/50_mail/reconcile.sql';
const trigger = 'sql/functions/00_common/moves.sql';

export const machine: readonly Mutant[] = [
  {
    name: 'fence-proof',
    without: 'the fence: a settle of proofs moves only who still carries its cohort',
    edits: [
      {
        file: 'sql/functions/40_proof/settle_proof.sql',
        find: `s.recipient_id = r."recipientId" and s.cohort_id = p_cohort_id and s.state = 'proofing';`,
        replace: `s.recipient_id = r."recipientId" and s.state = 'proofing';`,
      },
    ],
    test: {
      file: 'test/sql/cohort/settle-late.test.ts',
      pattern: 'a written-off runner does not move proofs either',
    },
  },
  {
    name: 'late-news-of-a-closed-piece',
    without: 'news of a closed piece moves nobody who has another one that is open',
    edits: [
      {
        file: 'sql/functions/60_track/raise_statuses.sql',
        find: `and (n.marked is null or n.marked = (s.cancel_requested_at is not null))
      -- Late news of a card that was given up is no news of the one that was made for it.
      and not postrider.has_other_open_piece(
        m.organization_id, m.recipient_id, m.id, m.mode, m.status
      );`,
        replace: 'and (n.marked is null or n.marked = (s.cancel_requested_at is not null));',
      },
    ],
    test: {
      file: 'test/sql/track/late-events.test.ts',
      pattern: 'moves nobody whose second card is on its way',
    },
  },
  {
    name: 'one-open-piece',
    without: 'the unique index: at most one open mailpiece for a recipient',
    edits: [
      {
        file: 'sql/baseline/mailpiece.sql',
        find: 'create unique index mailpiece_one_open',
        replace: 'create index mailpiece_one_open',
      },
      {
        file: beginMail,
        find: `
          on conflict (organization_id, recipient_id, mode)
          where status not in ('rejected', 'cancelled', 'failed', 'voided') do nothing;`,
        replace: ';',
      },
    ],
    test: {
      file: 'test/sql/mail/reopened-pieces.test.ts',
      pattern: 'a piece is taken up again unchanged',
    },
  },
  {
    name: 'evidence-rule',
    without: 'the evidence rule of the trigger: nobody is sent without an accepted mailpiece',
    edits: [
      {
        file: 'sql/functions/00_common/moves_and_mailpieces.sql',
        find: 'if v_unproven then',
        replace: 'if false then',
      },
    ],
    test: {
      file: 'test/sql/common/trigger.test.ts',
      pattern: 'nobody is sent without a mailpiece that was accepted',
    },
  },
  {
    name: 'actor-check',
    without: `the trigger's actor check`,
    edits: [
      {
        file: trigger,
        find: `left join postrider.transition t
          on t.from_state = p.from_state and t.to_state = p.to_state and t.actor = v_actor;`,
        replace: `left join (
          select from_state, to_state, min(actor) as actor from postrider.transition group by 1, 2
        ) t
          on t.from_state = p.from_state and t.to_state = p.to_state;`,
      },
    ],
    test: {
      file: 'test/sql/common/updates-by-hand.test.ts',
      pattern: 'an update typed by hand may not send, prove or unsend anybody',
    },
  },
  {
    name: 'sync-lock',
    without: `the organization's sync lock`,
    edits: [
      {
        file: 'sql/functions/10_sync/sync_lock.sql',
        find: `perform from postrider.organization_sync
          where organization_id = p_organization_id for no key update;`,
        replace: '',
      },
    ],
    test: {
      file: 'test/sql/sync/concurrent-syncs.test.ts',
      pattern: 'a page waits for the one of another campaign before it looks',
    },
  },
  {
    name: 'reconcile-attempt',
    without: 'the attempt number that a verdict of reconcile must still have',
    edits: [
      {
        file: reconcile,
        find: 'on m.id = v."mailpieceId" and m.attempt = v.attempt',
        replace: 'on m.id = v."mailpieceId"',
      },
    ],
    test: {
      file: 'test/sql/mail/reconcile.test.ts',
      pattern: 'a stale verdict counts for nothing',
    },
  },
  {
    name: 'left-segment',
    without: 'who is met while they do not follow the source is met all the same',
    edits: [
      {
        file: 'sql/functions/10_sync/recognise_members.sql',
        find: 'where p.id is not null and not p.repeated',
        replace: `where p.id is not null and not p.repeated and exists (
          select from postrider.recipient_state s
          where s.organization_id = p_organization_id
            and s.recipient_id = p.id
            and s.state in ('address_enrichable', 'pending')
        )`,
      },
    ],
    test: {
      file: 'test/sql/sync/left-segment.test.ts',
      pattern: 'who comes back to pending while a run is on its way',
    },
  },
  {
    name: 'fence-mail',
    without: 'the fence: a settle of mail decides only about who still carries its cohort',
    edits: [
      {
        file: settleMail,
        find: `where s.organization_id = p_organization_id and s.cohort_id = p_cohort_id
          and s.state = 'sending' and (r.outcome <> 'accepted'`,
        replace: `where s.organization_id = p_organization_id and s.state = 'sending'
    and (r.outcome <> 'accepted'`,
      },
      {
        file: settleMail,
        find: `s.recipient_id = d.recipient_id and s.cohort_id = p_cohort_id and s.state = 'sending';`,
        replace: `s.recipient_id = d.recipient_id and s.state = 'sending';`,
      },
    ],
    test: {
      file: 'test/sql/cohort/settle-late.test.ts',
      pattern: 'what a runner that was written off decides counts for nothing',
    },
  },
  {
    name: 'cancel-mark-rejected',
    without: 'the cancel mark is obeyed where the printer refuses the card',
    edits: [
      {
        file: settleMail,
        find: `when r.outcome in ('rejected', 'refused', 'broken', 'retry')
          and s.cancel_requested_at is not null`,
        replace: `when r.outcome = 'retry' and s.cancel_requested_at is not null`,
      },
    ],
    test: {
      file: 'test/sql/operate/cancel-at-printer.test.ts',
      pattern: 'stays cancelled where the printer refuses the card',
    },
  },
  {
    name: 'quiet-period',
    without: `reconcile's quiet period after an answer that was lost`,
    edits: [
      {
        file: settleMail,
        find: `case d.verdict when 'unknown' then p_now + p_quiet end`,
        replace: `case d.verdict when 'unknown' then p_now end`,
      },
    ],
    test: {
      file: 'test/sql/mail/reconcile.test.ts',
      pattern: 'an unknown piece rests before it is asked for',
    },
  },
];
