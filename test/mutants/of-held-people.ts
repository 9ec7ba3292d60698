/** Safeguards against people whose rows somebody holds: they cost nobody else anything. */
import type { Mutant } from './mutants.ts';

const settings = 'sql/functions/99_settings.sql';
const webhooks = 'sql/functions/60_track/waiting_webhooks.sql';
const inbox = 'test/pipeline/track/held-people.test.ts';
const rest = 'test/sql/locks/held-people.test.ts';

function endless(name: string, what: string, test: Mutant['test']): Mutant {
  return {
    name: `held-${name.replaceAll('_', '-')}`,
    without: what,
    edits: [{ file: settings, find: `('${name}', 'lock_timeout = ''2s'''),`, replace: '' }],
    test,
  };
}

export const heldPeople: readonly Mutant[] = [
  endless('apply_read_webhooks', 'webhooks wait for somebody who is held, but not for ever', {
    file: inbox,
    pattern: 'read when they came wait only',
  }),
  endless('lock_for_webhooks', 'webhooks that a runner reads wait, but not for ever', {
    file: inbox,
    pattern: 'still to be read',
  }),
  endless('settle_call_backs', 'answers to call-backs wait, but not for ever', {
    file: rest,
    pattern: 'an answer to a call-back',
  }),
  endless('settle_reconciled', 'verdicts wait, but not for ever', {
    file: rest,
    pattern: 'a verdict on somebody',
  }),
  endless('apply_events', 'what a poll brought waits, but not for ever', {
    file: rest,
    pattern: 'a poll waits',
  }),
  {
    name: 'held-webhooks-apart',
    without: 'webhooks of others are applied beside those of somebody who is held',
    edits: [
      {
        file: webhooks,
        find:
          'v_free := postrider.lock_free_webhooks(' +
          'p_organization_id, p_printer_name, p_ids, p_events);',
        replace: "v_free := '{}';",
      },
    ],
    test: { file: inbox, pattern: 'read when they came wait only' },
  },
  {
    name: 'held-webhooks-put-off',
    without: 'webhooks of somebody who is held let those behind them pass',
    edits: [
      {
        file: webhooks,
        find: 'perform postrider.put_off_webhooks(v_group.organization_id, v_group.ids);',
        replace: '',
      },
    ],
    test: { file: inbox, pattern: 'keep those behind them from nothing' },
  },
  {
    name: 'held-groups-apart',
    without: "webhooks that a runner reads cost no other printer's theirs",
    edits: [
      {
        file: 'packages/core/src/stages/track/apply-webhooks.ts',
        find: 'if (!isLockedElsewhere(error)) throw error;',
        replace: 'throw error;',
      },
    ],
    test: { file: inbox, pattern: 'still to be read' },
  },
  {
    name: 'held-late-call-backs',
    without: 'a card whose time is over waits for nobody who is held',
    edits: [
      {
        file: 'sql/functions/50_mail/call_back.sql',
        find: 'for no key update skip locked) l;',
        replace: ') l;',
      },
    ],
    test: { file: rest, pattern: 'a card whose time is over' },
  },
  {
    name: 'held-people-left',
    without: 'whom somebody holds is left out of answers',
    edits: [
      {
        file: 'sql/functions/00_common/locks.sql',
        find: 'for no key update skip locked);',
        replace: 'for no key update);',
      },
    ],
    test: { file: rest, pattern: 'an answer to a call-back' },
  },
  {
    name: 'held-addresses',
    without: 'an answer of an enricher moves nobody whom a session holds',
    edits: [
      {
        file: 'sql/functions/20_enrich/settle_batch.sql',
        find: "where (r.result ->> 'recipientId')::uuid = any (v_people));",
        replace: 'where true);',
      },
    ],
    test: { file: rest, pattern: 'an address that was found' },
  },
  {
    name: 'held-lost-batch',
    without: 'a batch that is lost gives nobody back whom a session holds',
    edits: [
      {
        file: 'sql/functions/20_enrich/give_back_batch.sql',
        find: 'and recipient_id = any (v_people);',
        replace: ';',
      },
    ],
    test: { file: rest, pattern: 'a batch that is lost' },
  },
  {
    name: 'held-page-of-a-sync',
    without: 'a page of a sync waits for nobody for ever',
    edits: [
      {
        file: 'sql/functions/99_settings.sql',
        find: "('apply_source_changes', 'lock_timeout = ''3s'''),",
        replace: '',
      },
    ],
    test: { file: rest, pattern: 'a page of a sync' },
  },
  {
    name: 'held-matches',
    without: 'events whose card is known by now wait for nobody who is held',
    edits: [
      {
        file: 'sql/functions/60_track/match_events.sql',
        find: 'for no key update skip locked);',
        replace: 'for no key update);',
      },
    ],
    test: { file: rest, pattern: 'events whose card is known' },
  },
];
