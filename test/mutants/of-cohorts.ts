/** Safeguards of cohorts: how people are staged, begun, held back and given back. */
import type { Mutant } from './mutants.ts';

const begin = 'sql/functions/30_cohort/begin.sql';
const beginMail = 'sql/functions/50_mail/begin_mail.sql';

export const cohorts: readonly Mutant[] = [
  {
    name: 'hold-at-begin',
    without: 'the hold check in begin',
    edits: [
      {
        file: begin,
        find: `v_refused := postrider.begin_refused(
          p_organization_id, v_campaign_id, p_stage, v_printer_name
        );`,
        replace: 'v_refused := null;',
      },
    ],
    test: {
      file: 'test/sql/locks/locks.test.ts',
      pattern: 'hold gets in under sixteen busy clients',
    },
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
          find: `when '${kind}' then
            perform pg_advisory_xact_lock(postrider.lock_key(${key}));
            select`,
          replace: `when '${kind}' then
            select`,
        },
      ],
      test: {
        file: 'test/sql/locks/locks.test.ts',
        pattern: `a begin that comes while a hold of the ${kind} waits`,
      },
    };
  }),
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
      file: 'test/sql/cohort/reap.test.ts',
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
    test: {
      file: 'test/sql/cohort/stage-turns.test.ts',
      pattern: 'who lost a lease travels alone',
    },
  },
  {
    name: 'places-left',
    without: 'people who lost a lease get the places that the others leave',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage.sql',
        find: `greatest(
          0, p_alone, p_cohorts - coalesce(max(cohort_no) filter (where not alone) + 1, 0)
        )`,
        replace: 'greatest(0, p_alone)',
      },
    ],
    test: {
      file: 'test/sql/cohort/stage-turns.test.ts',
      pattern: 'places that the others do not need',
    },
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
    test: {
      file: 'test/sql/cohort/stage-turns.test.ts',
      pattern: 'gets its turn where there are more',
    },
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
    test: {
      file: 'test/sql/cohort/stage-turns.test.ts',
      pattern: 'gets its turn where there are more',
    },
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
      file: 'test/sql/cohort/reap.test.ts',
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
    test: {
      file: 'test/pipeline/mail/slow-printers.test.ts',
      pattern: 'how long a slow printer must rest',
    },
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
      file: 'test/sql/cohort/begin.test.ts',
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
        find: `and not s.recipient_id = any (coalesce(p_printed, '{}'))`,
        replace: 'and false',
      },
    ],
    test: {
      file: 'test/sql/mail/begin-eligibility.test.ts',
      pattern: 'who was suppressed since is not mailed',
    },
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
      file: 'test/sql/operate/printer-changes.test.ts',
      pattern: 'a hold of the printer that a campaign changed to',
    },
  },
  {
    name: 'other-account-waits',
    without: 'a printer whose live cards are on their way is not reached by another account',
    edits: [
      {
        file: 'sql/functions/80_operate/printers.sql',
        find: `and (p_name, 'live') in (`,
        replace: `and (p_name, 'never') in (`,
      },
    ],
    test: {
      file: 'test/sql/operate/printer-changes.test.ts',
      pattern: 'live cards are on their way, reached by another',
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
    test: {
      file: 'test/crash/database.test.ts',
      pattern: 'a server that commits asynchronously',
      isLong: true,
    },
  },
];
