/** Safeguards of what a session is like, and of webhooks that are read by event. */
import type { Mutant } from './mutants.ts';

const session = 'packages/core/src/machine/session.ts';
const track = 'packages/core/src/machine/generated/track.generated.ts';
const inbox = 'packages/core/src/stages/track/apply-webhooks.ts';
const answers = 'packages/core/src/stages/track/event-answers.ts';
const settings = 'test/pipeline/settings/hostile-settings.test.ts';
const told = 'test/sql/common/session-settings.long.test.ts';
const webhooks = 'test/pipeline/track/odd-webhooks.test.ts';

export const sessions: readonly Mutant[] = [
  {
    name: 'webhooks-of-one-printer',
    without: 'a printer that cannot be had keeps nobody else from its webhooks',
    edits: [
      {
        file: 'packages/core/src/stages/track/inbox-printers.ts',
        find: 'if (isLostSession(error)) throw error;\nreturn asError(error);',
        replace: 'throw error;',
      },
    ],
    test: {
      file: 'test/pipeline/track/odd-webhooks.test.ts',
      pattern: 'a printer that cannot be had',
    },
  },
  {
    name: 'read-only-told',
    without: 'a repair in a session that is read-only says what helps',
    edits: [
      {
        file: 'sql/functions/00_common/session.sql',
        find: "if current_setting('transaction_read_only') = 'on' then",
        replace: 'if false then',
      },
    ],
    test: { file: 'test/sql/common/sessions.test.ts', pattern: 'a session that writes nothing' },
  },
  {
    name: 'own-date-style',
    without: 'sessions of the library write times as the driver reads them',
    edits: [{ file: session, find: `  datestyle: 'ISO, MDY',\n`, replace: '' }],
    test: { file: settings, pattern: 'a mailing goes its way under every hostile setting' },
  },
  {
    name: 'own-search-path',
    without: `sessions of the library call nobody's functions but the server's`,
    edits: [{ file: session, find: `  search_path: 'pg_catalog, pg_temp',\n`, replace: '' }],
    test: { file: settings, pattern: 'a mailing goes its way under every hostile setting' },
  },
  {
    name: 'own-backslashes',
    without: 'a backslash in a function means itself, whatever the session says',
    edits: [
      {
        file: 'sql/functions/99_settings.sql',
        find: 'where there.has_backslash',
        replace: 'where false',
      },
    ],
    test: {
      file: 'test/sql/schema/function-lists.test.ts',
      pattern: 'the settings of its profile',
    },
  },
  {
    name: 'no-end-of-transactions',
    without:
      'transactions of the library have no end of their own where the server knows such a thing',
    edits: [
      {
        file: session,
        find: 'Number.parseInt(String(value), 10) >= 17',
        replace: 'Number.parseInt(String(value), 10) >= 170',
      },
    ],
    test: { file: settings, pattern: 'have no end of their own' },
  },
  {
    name: 'first-session-put-right',
    without: 'nor has the first one, which began before its server was known',
    edits: [
      {
        file: session,
        find: `if (own && set('transaction_timeout') !== '0')`,
        replace: `if (own && set('transaction_timeout') === '')`,
      },
    ],
    test: { file: settings, pattern: 'have no end of their own' },
  },
  {
    name: 'session-looked-at',
    without: 'a client whose sessions would read something wrong is refused at the start',
    edits: [
      {
        file: session,
        find: 'if (unsuitable !== undefined)',
        replace: `if (unsuitable?.setting === '')`,
      },
    ],
    test: {
      file: settings,
      pattern: 'another client whose sessions would read or write something wrong',
    },
  },
  {
    name: 'queue-session-looked-at',
    without: `so is the queue's own client`,
    edits: [
      {
        file: 'packages/core/src/scheduling/running.ts',
        find: 'new Set([sql, queueSql])',
        replace: 'new Set([sql, queueSql].slice(0, 1))',
      },
    ],
    test: {
      file: settings,
      pattern: 'another client whose sessions would read or write something wrong',
    },
  },
  {
    name: 'body-in-base64',
    without: 'the body of a webhook is read whatever bytea_output is',
    edits: [{ file: track, find: `pg_catalog.encode(body, 'base64') as body`, replace: 'body' }],
    test: {
      file: settings,
      pattern: 'through another client a mailing goes its way',
      isLong: true,
    },
  },
  {
    name: 'migrate-under-own-settings',
    without: 'migrate works under settings of its own, by any client',
    edits: [
      {
        file: 'packages/core/src/machine/migration-plan.ts',
        find: 'await tx.unsafe(setForTransaction);',
        replace: '',
      },
    ],
    test: { file: settings, pattern: 'migrate by another client makes the same', isLong: true },
  },
  {
    name: 'triggers-fire',
    without: 'nothing moves in a session in which no trigger fires',
    edits: [
      {
        file: 'sql/functions/00_common/session.sql',
        find: `if current_setting('session_replication_role') = 'replica' then`,
        replace: 'if false then',
      },
    ],
    test: {
      file: 'test/sql/common/sessions.test.ts',
      pattern: 'nothing is moved in a session in which no trigger fires',
    },
  },
  {
    name: 'trace-by-one-clock',
    without: 'a trace tells times in one style',
    edits: [
      {
        file: 'sql/functions/99_settings.sql',
        find: `,\n('trace', 'datestyle = ''ISO, MDY'''), ('trace', 'timezone = ''UTC''')`,
        replace: '',
      },
    ],
    test: { file: told, pattern: 'tell the same words' },
  },
  {
    name: 'stuck-by-one-clock',
    without: 'what is stuck is told by the clock of the organization',
    edits: [
      {
        file: 'sql/views/stuck_campaigns.sql',
        find: `to_char(b.next_poll_at at time zone o.time_zone, 'HH24:MI:SS')`,
        replace: `to_char(b.next_poll_at, 'HH24:MI:SS')`,
      },
    ],
    test: { file: told, pattern: 'tell the same words' },
  },
  {
    name: 'doctor-in-one-style',
    without: 'doctor tells intervals in one style',
    edits: [
      {
        file: 'sql/functions/99_settings.sql',
        find: `('doctor', 'intervalstyle = postgres'), ('doctor', 'timezone = ''UTC'''),`,
        replace: '',
      },
    ],
    test: { file: told, pattern: 'tell the same words' },
  },
  {
    name: 'event-by-event',
    without: 'an event that cannot be used costs no other of its webhook',
    edits: [
      {
        file: answers,
        find: `if (!event.success)
          return {
            unusable: { reason: event.error.issues[0]?.path.join('.') || 'no event', told } };`,
        replace: 'if (!event.success) throw event.error;',
      },
    ],
    test: { file: webhooks, pattern: 'costs no other of its webhook' },
  },
  {
    name: 'print-shop-event-by-event',
    without: 'the print shop tells of one event that cannot be read and of the others',
    edits: [
      {
        file: 'packages/adapters/src/kit/events.ts',
        find: 'return read.success',
        replace: 'if (!read.success) throw read.error;\n    return read.success',
      },
    ],
    test: { file: webhooks, pattern: 'the print shop tells of three cards' },
  },
  {
    name: 'refused-one-by-one',
    without: 'what the database refuses together is applied one by one',
    edits: [
      {
        file: inbox,
        find: 'const error = events.length === 1 ? refusal : await applied([event]);',
        replace: 'const error = refusal;',
      },
    ],
    test: { file: webhooks, pattern: 'an event that the database refuses costs no other' },
  },
  {
    name: 'one-alarm-for-a-printer',
    without: 'a printer whose webhooks are odd raises one alarm',
    edits: [
      {
        file: 'sql/functions/60_track/inbox.sql',
        find: `a.kind = 'unusable_event' and a.detail ->> 'printer' = v_webhook.printer_name
          and a.cleared_at is null)
          then`,
        replace: 'false)\n  then',
      },
    ],
    test: { file: webhooks, pattern: 'when the adapter is mended' },
  },
  {
    name: 'kept-until-all-is-applied',
    without: 'the body of a webhook of which something is kept is not blanked',
    edits: [
      {
        file: 'sql/functions/60_track/apply_events.sql',
        find: '    and w.id = t."inboxId"\n    and w.unusable is null;',
        replace: '    and w.id = t."inboxId";',
      },
    ],
    test: { file: webhooks, pattern: 'is kept until all of it is applied' },
  },
];
