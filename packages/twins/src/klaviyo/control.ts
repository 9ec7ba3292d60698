/** What the twin of Klaviyo is told below `/twin/`, beside what any twin is. */
import { z } from 'zod';
import { ndjson, readControl, type ControlRoutes } from '../kit/control.ts';
import { json } from '../kit/exchange.ts';
import type { Books, KeptEvent } from './books.ts';
import type { Commit, CountedEvent } from './entries.ts';

/** An event that counts: the truth that tests judge by. */
export interface LedgerLine extends CountedEvent {
  /** When it was taken: ISO 8601, by the twin's calendar. */
  readonly at: string;
}

const goneRequest = z.strictObject({ gone: z.array(z.string().min(1)).min(1) });

export function klaviyoControl(parts: {
  readonly books: Books;
  readonly commit: Commit;
  settled(): Promise<void>;
}): ControlRoutes {
  const { books, commit } = parts;
  return {
    'GET /twin/ledger': async () => {
      await parts.settled();
      return ndjson(books.events.map(ledgerLine));
    },
    'GET /twin/profiles': () => json(200, { gone: [...books.gone] }),
    'POST /twin/profiles': async (request) => {
      const { gone } = readControl(request, goneRequest);
      await commit({ kind: 'gone', profiles: gone });
      return json(200, { gone: [...books.gone] });
    },
  };
}

function ledgerLine(event: KeptEvent): LedgerLine {
  return { ...event, at: new Date(event.at).toISOString() };
}
