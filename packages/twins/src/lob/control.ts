/** What the twin of Lob is told below `/twin/`, beside what any twin is. */
import { z } from 'zod';
import { ndjson, readControl, type ControlRoutes } from '../kit/control.ts';
import { json, type Answer } from '../kit/exchange.ts';
import type { Books } from './books.ts';
import type { Commit, Mode } from './entries.ts';
import { eventLine, ledgerLine } from './ledger-lines.ts';
import { accountStates } from './options.ts';
import { signedWebhookFault, type Settings } from './settings.ts';

const webhookRequest = z.strictObject({
  url: z.string().nullable(),
  mode: z.enum(['test', 'live']).optional(),
});
const accountRequest = z.strictObject({ state: z.enum(accountStates) });

export function lobControl(parts: {
  readonly books: Books;
  readonly settings: Settings;
  readonly commit: Commit;
  settled(): Promise<void>;
  /** How many webhooks are still to be sent. */
  waiting(): number;
}): ControlRoutes {
  const { books, settings, commit } = parts;
  const webhooks = (): Answer => json(200, { ...books.webhook, waiting: parts.waiting() });
  return {
    'GET /twin/ledger': async () => {
      await parts.settled();
      return ndjson(Array.from(books.all(), ledgerLine));
    },
    'GET /twin/events': async () => {
      await parts.settled();
      return ndjson(books.events.map(eventLine));
    },
    'GET /twin/webhook': webhooks,
    'POST /twin/webhook': async (request) => {
      const { url, mode } = readControl(request, webhookRequest);
      const wrong = url === null ? null : signedWebhookFault(url, settings.webhookSecret);
      if (wrong !== null) throw new Error(wrong);
      const modes: readonly Mode[] = mode === undefined ? ['test', 'live'] : [mode];
      for (const one of modes) await commit({ kind: 'webhook', mode: one, url, fromStart: false });
      return webhooks();
    },
    'GET /twin/account': () => json(200, { state: books.account ?? settings.account }),
    'POST /twin/account': async (request) => {
      const { state } = readControl(request, accountRequest);
      await commit({ kind: 'account', state });
      return json(200, { state });
    },
  };
}
