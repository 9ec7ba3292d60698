/** Safeguards of where webhooks of accounts come in, and of the account of a demonstration. */
import type { Mutant } from './mutants.ts';

const endpoints = 'sql/functions/60_track/endpoints.sql';
const webhooks = 'test/pipeline/track/endpoint-webhooks.test.ts';
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
        file: 'packages/core/src/stages/track/inbox.ts',
        find: 'siblings.get(eventId) ?? printerName',
        replace: 'printerName',
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
        find: '    and o.connection_id = p.connection_id\n',
        replace: '',
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
      file: 'test/e2e/demo-lob.test.ts',
      pattern: 'sends nothing to a connection of this name',
    },
  },
];
