/** Safeguards of where webhooks of accounts come in, and of the account of a demonstration. */
import type { Mutant } from './mutants.ts';

const endpoints = 'sql/functions/60_track/endpoints.sql';
const webhooks = 'test/pipeline/track/endpoint-webhooks.test.ts';
const receive = 'packages/core/src/stages/track/receive-webhook.ts';
const inbox = 'packages/core/src/stages/track/inbox.ts';
const flood = 'packages/core/test/flood.test.ts';
const together = 'test/pipeline/track/many-webhooks.test.ts';
const byItsAddress = 'a webhook comes in by the endpoint of the connection';
const toEachPrinter = 'what an account tells reaches the pieces of each of its printers';

export const ofEndpoints: readonly Mutant[] = [
  {
    name: 'endpoint-of-any-name',
    without: 'an endpoint is answered at the name of its connection only',
    edits: [{ file: endpoints, find: '    and c.name = p_connection_name\n', replace: '' }],
    test: { file: webhooks, pattern: byItsAddress },
  },
  {
    name: 'connected-printer-at-any-address',
    without: 'a printer with a connection is reached by its endpoint alone',
    edits: [
      {
        file: 'packages/core/src/stages/track/receive-webhook.ts',
        find: 'return brief.connectionId === null ? brief : null;',
        replace: 'return brief;',
      },
    ],
    test: { file: webhooks, pattern: byItsAddress },
  },
  {
    name: 'account-tells-one-printer',
    without: 'what an account tells reaches the pieces of its other printers',
    edits: [
      {
        file: endpoints,
        find: 'coalesce(s.printer_name, p_printer_name) as printer_name',
        replace: 'p_printer_name as printer_name',
      },
    ],
    test: { file: webhooks, pattern: toEachPrinter },
  },
  {
    name: 'account-tells-strangers',
    without: 'what an account tells reaches no printer that another account, or none, reaches',
    edits: [
      {
        file: endpoints,
        find: 'and o.connection_id = p.connection_id\n    and o.name <> p.name\n  cross join',
        replace: 'and o.name <> p.name\n  cross join',
      },
    ],
    test: { file: webhooks, pattern: toEachPrinter },
  },
  {
    name: 'twin-connection-anywhere',
    without: 'a demonstration sends nothing to a connection of its name at another address',
    edits: [
      {
        file: 'packages/cli/src/lob-twin/connection.ts',
        find: '    row.url === api &&\n',
        replace: '',
      },
    ],
    test: {
      file: 'test/e2e/demo-lob-again.long.test.ts',
      pattern: 'sends nothing to a connection of this name',
    },
  },
  {
    name: 'repeat-beside-its-first',
    without: 'of one delivery that comes twice at once, one is a repeat',
    edits: [
      {
        file: receive,
        find: 'stored.has(one.deliveryId) && first.get(one.deliveryId) === one',
        replace: 'stored.has(one.deliveryId)',
      },
    ],
    test: { file: together, pattern: 'have each their own answer' },
  },
  {
    name: 'refused-with-its-neighbours',
    without: 'a webhook that the database refuses costs none that came with it',
    edits: [
      {
        file: receive,
        find: 'if (verified.length === 1 || isLostConnection(error)) throw error;',
        replace: 'throw error;',
      },
    ],
    test: { file: together, pattern: 'have each their own answer' },
  },
  {
    name: 'answered-before-the-disk',
    without: 'a webhook is answered when it is stored',
    edits: [
      {
        file: receive,
        find: '        verified.push({',
        replace: "        one.answer.resolve({ outcome: 'stored' });\n        verified.push({",
      },
    ],
    test: { file: together, pattern: 'have each their own answer' },
  },
  {
    name: 'applied-in-a-flood',
    without: 'webhooks wait to be applied while others pour in',
    edits: [
      {
        file: inbox,
        find: '      if (!(await isTheirTurn(context, waits))) break;\n',
        replace: '',
      },
    ],
    test: { file: flood, pattern: 'wait to be applied while others pour in' },
  },
  {
    name: 'held-up-for-ever',
    without: 'an end of the wait in a flood that does not end',
    edits: [
      { file: inbox, find: ' && !(await webhooksWaitFor(sql, LONGEST_WAIT_MS))', replace: '' },
    ],
    test: { file: flood, pattern: 'wait to be applied while others pour in' },
  },
  {
    name: 'beats-in-a-flood',
    without: 'a flood holds up no beat',
    edits: [{ file: inbox, find: 'applyInbox(context, false)', replace: 'applyInbox(context)' }],
    test: { file: flood, pattern: 'wait to be applied while others pour in' },
  },
  {
    name: 'refused-together',
    without: 'webhooks that the database refuses together are read one by one',
    edits: [
      {
        file: inbox,
        find: '    await readWebhooksAgain(context.sql, READ_BATCH);\n',
        replace: '',
      },
    ],
    test: {
      file: 'test/pipeline/track/odd-webhooks.test.ts',
      pattern: 'an event that the database refuses costs no other',
    },
  },
  {
    name: 'cut-by-letters',
    without: 'a body that is no text by itself is stored as it came',
    edits: [
      {
        file: 'packages/core/src/machine/track.ts',
        find: 'isUtf8(bodies) && !bodies.includes(0)',
        replace: 'isUtf8(bodies)',
      },
    ],
    test: { file: together, pattern: 'have each their own answer' },
  },
  {
    name: 'cards-among-all-events',
    without:
      'what is told of some cards is looked for card by card, also before there are statistics',
    edits: [
      {
        file: 'sql/functions/60_track/raise_statuses.sql',
        find: '      offset 0) e',
        replace: '      ) e',
      },
    ],
    test: {
      file: 'test/sql/plans/webhooks.test.ts',
      pattern: 'look at the events of their own cards alone',
    },
  },
];
