/** Safeguards of what people and programs may ask of the SQL. */
import type { Mutant } from './mutants.ts';

const swept = {
  file: 'test/sql/calls/nonsense-arguments.test.ts',
  pattern: 'no function that a role may call answers nonsense',
};

export const calls: readonly Mutant[] = [
  {
    name: 'arguments-within',
    without: 'bounds of arguments',
    edits: [
      {
        file: 'sql/functions/00_common/fail.sql',
        find: 'if p_value is null or p_value < p_least or p_value > p_most then',
        replace: 'if false then',
      },
    ],
    test: swept,
  },
  {
    name: 'arguments-given',
    without: 'the refusal of null where a value is needed',
    edits: [
      {
        file: 'sql/functions/00_common/fail.sql',
        find: 'if array_position(p_values, null) is not null then',
        replace: 'if false then',
      },
    ],
    test: swept,
  },
  {
    name: 'arguments-lists',
    without: 'the refusal of JSON that is no list',
    edits: [
      {
        file: 'sql/functions/00_common/fail.sql',
        find: `if p_type is distinct from 'array' then`,
        replace: 'if false then',
      },
    ],
    test: swept,
  },
  {
    name: 'organization-known',
    without: 'the refusal of an organization that is not there, for who sees all',
    edits: [
      {
        file: 'sql/functions/00_common/access.sql',
        find: 'if not exists (select from postrider.organization where id = p_organization_id) then',
        replace: 'if false then',
      },
    ],
    test: { file: swept.file, pattern: 'an organization that is not there' },
  },
  {
    name: 'definition-in-our-words',
    without: 'our words for a definition that no column takes',
    edits: [
      {
        file: 'sql/functions/80_operate/campaign.sql',
        find: 'exception when data_exception or integrity_constraint_violation then',
        replace: 'exception when division_by_zero then',
      },
    ],
    test: swept,
  },
  {
    name: 'internal-functions',
    without: 'the functions that are closed to runners',
    edits: [
      {
        file: 'sql/privileges.sql',
        find: `or v_role = 'postrider_runner' and p.proname = any (v_running))`,
        replace: `or v_role = 'postrider_runner')`,
      },
    ],
    test: swept,
  },
  {
    name: 'lease-with-an-end',
    without: 'the refusal of a lease that never ends',
    edits: [
      {
        file: 'sql/functions/30_cohort/begin.sql',
        find: `if p_runner_id is null or p_lease is null or p_lease <= interval '0'
          or p_lease > interval '1 day' then`,
        replace: 'if false then',
      },
    ],
    test: {
      file: 'test/sql/calls/nonsense-arguments.test.ts',
      pattern: 'nothing is leased, rests or is claimed without an end',
    },
  },
  {
    name: 'travels-in-a-cohort',
    without: 'the cohort of everybody who travels, and of nobody else',
    edits: [
      {
        file: 'sql/functions/00_common/moves.sql',
        find: 'p.travels <> postrider.needs_cohort(p.to_state) or case',
        replace: 'case',
      },
    ],
    test: {
      file: 'test/sql/common/updates-by-hand.test.ts',
      pattern: 'everybody who travels has a cohort, and nobody else',
    },
  },
  {
    name: 'claim-given-back',
    without: 'the claim that the end of a run of sync gives back',
    edits: [
      {
        file: 'sql/functions/10_sync/close_sync.sql',
        find: 'perform postrider.act_as(v_before); return v_run;',
        replace: 'return v_run;',
      },
    ],
    test: { file: 'test/sql/calls/claims.long.test.ts', pattern: 'leaves the actor claimed' },
  },
  {
    name: 'rest-after-hands',
    without:
      'the lease that the printer is not asked for after somebody has taken a cohort away by hand',
    edits: [
      {
        file: 'sql/functions/30_cohort/reap.sql',
        find: `case when c.closed_why = 'lease_lost' then interval '0' else p_grace end as still`,
        replace: `interval '0' as still`,
      },
    ],
    test: {
      file: 'test/pipeline/mail/lost-cohort.test.ts',
      pattern: 'a cohort that is deleted in the middle of its work',
    },
  },
  {
    name: 'grace-of-a-lease',
    without: 'the refusal of a grace that is shorter than a lease',
    edits: [
      {
        file: 'sql/functions/30_cohort/reap.sql',
        find: 'if p_grace < v_lease then',
        replace: 'if false then',
      },
    ],
    test: {
      file: 'test/sql/mail/quiet-time.test.ts',
      pattern: 'reap refuses a grace that is shorter',
    },
  },
  {
    name: 'deregistered-at-work',
    without: 'the memory of a runner that deregisters while it has open cohorts',
    edits: [
      {
        file: 'sql/functions/90_house/runners.sql',
        find: `where r.id = p_runner_id and not exists (
          select from postrider.cohort c where c.runner_id = r.id and c.closed_at is null
        )`,
        replace: 'where r.id = p_runner_id',
      },
    ],
    test: {
      file: 'test/sql/mail/quiet-time.test.ts',
      pattern: 'a runner that deregisters while a cohort',
    },
  },
  {
    name: 'grace-of-the-longest',
    without: 'the grace of a runner that grows with the longest lease',
    edits: [
      {
        file: 'sql/functions/90_house/beats.sql',
        find: 'postrider.reap(greatest(p_grace, postrider.longest_lease()), p_quiet)',
        replace: 'postrider.reap(p_grace, p_quiet)',
      },
    ],
    test: {
      file: 'test/pipeline/mail/lost-cohort.test.ts',
      pattern: 'a runner with a short lease beside one with a long one',
    },
  },
  {
    name: 'what-became-of-a-cancel',
    without: 'what why says of an old cancel: obeyed as soon as the printer has answered, for ever',
    edits: [
      {
        file: 'sql/views/why_parts.sql',
        find: `when p_state.cancel_requested_at is not null and p_state.state = 'sending' then`,
        replace: 'when p_state.cancel_requested_at is not null then',
      },
    ],
    test: {
      file: 'test/sql/operate/cancel-at-printer.test.ts',
      pattern: 'no state that is final promises that a cancel will be obeyed',
    },
  },
  {
    name: 'refusal-to-call-back',
    without: "the printer's refusal to call a card back, kept with the card",
    edits: [
      {
        file: 'sql/functions/50_mail/call_back.sql',
        find: `r.outcome in ('too_late', 'cancelled') and m.status not in ('cancelled', 'voided');`,
        replace: 'false;',
      },
    ],
    test: {
      file: 'test/sql/operate/cancel-at-printer.test.ts',
      pattern: 'why and the trace say what becomes of a cancel at each step',
    },
  },
  {
    name: 'words-of-the-file',
    without: 'what an applied file has changed is told by fields of the file',
    edits: [
      {
        file: 'sql/functions/80_operate/campaign.sql',
        find: 'postrider.changed_fields(to_jsonb(p_old), to_jsonb(v_new), v_changed)',
        replace: 'v_changed',
      },
    ],
    test: {
      file: 'test/sql/operate/file-words.test.ts',
      pattern: 'what an applied file has changed',
    },
  },
];
