/** Safeguards of the SQL. */
import type { Mutant } from './mutants.ts';

const settleMail = 'sql/functions/50_mail/settle_mail.sql';
const begin = 'sql/functions/30_cohort/begin.sql';
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
      file: 'test/sql/settle.test.ts',
      pattern: 'a written-off runner does not move proofs either',
    },
  },
  {
    name: 'late-news-of-a-closed-piece',
    without: 'news of a closed piece moves nobody who has another one that is open',
    edits: [
      {
        file: 'sql/functions/60_track/follow_mailpieces.sql',
        find: `and (n.marked is null or n.marked = (s.cancel_requested_at is not null))
      -- Late news of a card that was given up is no news of the one that was made for it.
      and not postrider.has_other_open_piece(m.organization_id, m.recipient_id, m.id, m.mode, m.status);`,
        replace: 'and (n.marked is null or n.marked = (s.cancel_requested_at is not null));',
      },
    ],
    test: {
      file: 'test/sql/late-events.test.ts',
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
        find: `\n  on conflict (organization_id, recipient_id, mode) where status not in ('rejected', 'cancelled', 'failed') do nothing;`,
        replace: ';',
      },
    ],
    test: { file: 'test/sql/begin.test.ts', pattern: 'a piece is taken up again unchanged' },
  },
  {
    name: 'hold-at-begin',
    without: 'the hold check in begin',
    edits: [
      {
        file: begin,
        find: 'v_refused := postrider.begin_refused(p_organization_id, v_campaign_id, p_stage, v_printer_name);',
        replace: 'v_refused := null;',
      },
    ],
    test: { file: 'test/sql/locks.test.ts', pattern: 'hold gets in under sixteen busy clients' },
  },
  ...(['organization', 'campaign', 'printer'] as const).map((kind): Mutant => {
    const id = { organization: '', campaign: ', p_uuid::text', printer: ', p_id' }[kind];
    const key = `'${kind}', p_organization_id${id}`;
    return {
      name: `hold-waits-in-line-${kind}`,
      without: `the advisory lock by which a hold of the ${kind} keeps its place before later begins`,
      edits: [
        {
          file: 'sql/functions/80_operate/hold.sql',
          find: `    when '${kind}' then\n      perform pg_advisory_xact_lock(postrider.lock_key(${key}));\n      select`,
          replace: `    when '${kind}' then\n      select`,
        },
      ],
      test: {
        file: 'test/sql/locks.test.ts',
        pattern: `a begin that comes while a hold of the ${kind} waits`,
      },
    };
  }),
  {
    name: 'evidence-rule',
    without: 'the evidence rule of the trigger: nobody is sent without an accepted mailpiece',
    edits: [{ file: trigger, find: 'if v_unproven then', replace: 'if false then' }],
    test: {
      file: 'test/sql/trigger.test.ts',
      pattern: 'nobody is sent without a mailpiece that was accepted',
    },
  },
  {
    name: 'actor-check',
    without: `the trigger's actor check`,
    edits: [
      {
        file: trigger,
        find: 'left join postrider.transition t on t.from_state = p.from_state and t.to_state = p.to_state and t.actor = v_actor;',
        replace: `left join (select from_state, to_state, min(actor) as actor from postrider.transition group by 1, 2) t
    on t.from_state = p.from_state and t.to_state = p.to_state;`,
      },
    ],
    test: {
      file: 'test/sql/typed-by-hand.test.ts',
      pattern: 'an update typed by hand may not send, prove or unsend anybody',
    },
  },
  {
    name: 'sync-lock',
    without: `the organization's sync lock`,
    edits: [
      {
        file: 'sql/functions/10_sync/sync_lock.sql',
        find: '  perform from postrider.organization_sync where organization_id = p_organization_id for no key update;\n',
        replace: '',
      },
    ],
    test: {
      file: 'test/sql/sync-lock.test.ts',
      pattern: 'a page waits for the one of another campaign before it looks',
    },
  },
  {
    name: 'reap-orphans',
    without: 'reap (c): people whose cohort is missing or closed',
    edits: [
      {
        file: 'sql/functions/30_cohort/reap.sql',
        find: 'and (c.id is null or c.closed_at is not null)\n      and (s.state',
        replace: 'and false\n      and (s.state',
      },
    ],
    test: {
      file: 'test/sql/reap.test.ts',
      pattern: 'people whose cohort somebody deleted, or closed by hand, come back',
    },
  },
  {
    name: 'silent-jobs',
    without: 'reap (d): jobs of organizations whose runner went silent',
    edits: [
      {
        file: 'sql/functions/30_cohort/reap.sql',
        find: '  perform postrider.end_silent_jobs();\n',
        replace: '',
      },
    ],
    test: { file: 'test/crash/jobs.test.ts', pattern: 'a job whose runner went silent' },
  },
  {
    name: 'travels-alone',
    without: 'who lost a lease travels alone',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage.sql',
        find: 'select p.id, p.losses > 0 as alone,',
        replace: 'select p.id, false as alone,',
      },
    ],
    test: { file: 'test/sql/stage.test.ts', pattern: 'who lost a lease travels alone' },
  },
  {
    name: 'places-left',
    without: 'people who lost a lease get the places that the others leave',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage.sql',
        find: 'greatest(0, p_alone, p_cohorts - coalesce(max(cohort_no) filter (where not alone) + 1, 0))',
        replace: 'greatest(0, p_alone)',
      },
    ],
    test: { file: 'test/sql/stage.test.ts', pattern: 'places that the others do not need' },
  },
  {
    name: 'turns-of-organizations',
    without: 'of organizations with equally few cohorts any may be next',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage_plan.sql',
        find: 'order by 2, random() limit',
        replace: 'order by 2, 1 limit',
      },
    ],
    test: { file: 'test/sql/stage.test.ts', pattern: 'gets its turn where there are more' },
  },
  {
    name: 'turns-of-campaigns',
    without: 'of campaigns with equally few cohorts any may be next',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage_plan.sql',
        find: '+ k.n, random()) as level',
        replace: '+ k.n, r.campaign_id) as level',
      },
    ],
    test: { file: 'test/sql/stage.test.ts', pattern: 'gets its turn where there are more' },
  },
  {
    name: 'quiet-period-of-reap',
    without: `reconcile's quiet period after a runner that was lost`,
    edits: [
      {
        file: 'sql/functions/30_cohort/reap.sql',
        find: `status = 'unknown', available_at = p_now + p_still + greatest(p_quiet, p.quiet),`,
        replace: `status = 'unknown', available_at = p_now,`,
      },
    ],
    test: {
      file: 'test/sql/reap.test.ts',
      pattern: 'who was at the printer stays there, and the printer is asked after a while',
    },
  },
  {
    name: 'quiet-period-of-a-slow-printer',
    without: `the quiet period that a printer's own time-out asks for`,
    edits: [
      {
        file: 'sql/functions/30_cohort/reap.sql',
        find: 'p_now + p_still + greatest(p_quiet, p.quiet)',
        replace: 'p_now + p_still + p_quiet',
      },
    ],
    test: { file: 'test/pipeline/printers.test.ts', pattern: 'how long a slow printer must rest' },
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
    test: { file: 'test/sql/reconcile.test.ts', pattern: 'a stale verdict counts for nothing' },
  },
  {
    name: 'begin-once',
    without: 'a cohort begins at most once',
    edits: [
      {
        file: begin,
        find: 'c.stage = p_stage and c.begun_at is null and c.closed_at is null;',
        replace: 'c.stage = p_stage;',
      },
      {
        file: begin,
        find: 'and id = p_cohort_id and begun_at is null and closed_at is null;',
        replace: 'and id = p_cohort_id;',
      },
    ],
    test: {
      file: 'test/sql/begin.test.ts',
      pattern: 'a cohort begins at most once|a cohort that is closed, gone',
    },
  },
  {
    name: 'jobs-counted',
    without: 'staging fails where a cohort has no job',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage.sql',
        find: 'if v_jobs <> cardinality(v_cohorts) or v_moved <> cardinality(v_people) then',
        replace: 'if false then',
      },
    ],
    test: { file: 'test/crash/jobs.test.ts', pattern: 'where not every cohort gets a job' },
  },
  {
    name: 'suppressed-since',
    without: 'suppressions are looked at once more before the printer',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: `    and not s.recipient_id = any (coalesce(p_printed, '{}'));`,
        replace: '    and false;',
      },
    ],
    test: {
      file: 'test/sql/begin-eligibility.test.ts',
      pattern: 'who was suppressed since is not mailed',
    },
  },
  {
    name: 'cap-locked',
    without: `the lock on a capped campaign's counter`,
    edits: [
      {
        file: begin,
        find: `        and (c.daily_cap is not null or c.total_cap is not null or c.budget_minor is not null))
    for no key update;`,
        replace: `        and (c.daily_cap is not null or c.total_cap is not null or c.budget_minor is not null));`,
      },
    ],
    test: { file: 'test/sql/caps.test.ts', pattern: 'a begin that comes while another counts' },
  },
  {
    name: 'caps-count-the-past',
    without: 'what was opened before a cap was set counts against it',
    edits: [
      {
        file: 'sql/functions/80_operate/campaign.sql',
        find: '    perform postrider.count_opened(p_old.organization_id, p_old.id, p_old.price_minor);\n',
        replace: '    null;\n',
      },
    ],
    test: { file: 'test/sql/caps-kept.test.ts', pattern: 'a cap that is set after mailing' },
  },
  {
    name: 'printer-looked-at-again',
    without: `the second look at a campaign's printer, once it is locked`,
    edits: [
      {
        file: begin,
        find: `when p_stage = 'mail' and c.printer_name <> p_printer_name then`,
        replace: 'when false then',
      },
    ],
    test: {
      file: 'test/sql/printer-changes.test.ts',
      pattern: 'a hold of the printer that a campaign changed to',
    },
  },
  {
    name: 'begin-is-durable',
    without: 'a begin of mail waits for the disk, also on a server that commits asynchronously',
    edits: [
      {
        file: beginMail,
        find: `if current_setting('synchronous_commit') = 'off' then`,
        replace: 'if false then',
      },
    ],
    test: { file: 'test/crash/database.test.ts', pattern: 'a server that commits asynchronously' },
  },
  {
    name: 'left-segment',
    without: 'who is met while they do not follow the source is met all the same',
    edits: [
      {
        file: 'sql/functions/10_sync/match_members.sql',
        find: 'where p.id is not null and not p.repeated',
        replace: `where p.id is not null and not p.repeated and exists (select from postrider.recipient_state s
      where s.organization_id = p_organization_id and s.recipient_id = p.id and s.state in ('address_enrichable', 'pending'))`,
      },
    ],
    test: {
      file: 'test/sql/left-segment.test.ts',
      pattern: 'who comes back to pending while a run is on its way',
    },
  },
  {
    name: 'fence-mail',
    without: 'the fence: a settle of mail decides only about who still carries its cohort',
    edits: [
      {
        file: settleMail,
        find: `where s.organization_id = p_organization_id and s.cohort_id = p_cohort_id and s.state = 'sending'
    and (r.outcome <> 'accepted'`,
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
      file: 'test/sql/settle.test.ts',
      pattern: 'what a runner that was written off decides counts for nothing',
    },
  },
  {
    name: 'cancel-mark-rejected',
    without: 'the cancel mark is obeyed where the printer refuses the card',
    edits: [
      {
        file: settleMail,
        find: `when r.outcome in ('rejected', 'retry') and s.cancel_requested_at is not null`,
        replace: `when r.outcome = 'retry' and s.cancel_requested_at is not null`,
      },
    ],
    test: {
      file: 'test/sql/cancel-mark.test.ts',
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
      file: 'test/sql/reconcile.test.ts',
      pattern: 'an unknown piece rests before it is asked for',
    },
  },
];
