/**
 * Requests to one print shop: its address, our token, and the ledger that knows our cards.
 *
 * A shop with another ledger than ours has never heard of our pieces, nor of their keys: "absent"
 * there proves nothing, and a repeat would be a second card. The ledger is therefore named in every
 * request, and a shop that keeps another one answers 412 `another_ledger` and does nothing.
 */
import { AdapterConfigError } from '@postrider/core/ports';
import type { AdapterWiring, CallContext, SendGuard } from '@postrider/core/ports';
import type { z } from 'zod';
import { callProvider } from '../kit/call.ts';
import type { HttpOutcome } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';
import type { printShopOptions } from './options.ts';
import { isAnotherLedger, LEDGER_HEADER, refusal } from './wire.ts';

export interface PrintShopClient {
  /**
   * Waits for the rate limit, says that it is at it, and sends; `guard` is asked last, because the
   * wait may have outlived it.
   */
  ask(request: ShopRequest, context: CallContext): Promise<HttpOutcome>;
}

export interface ShopRequest {
  readonly method: 'GET' | 'POST';
  /** What is asked, for people: the path without ids. */
  readonly route: string;
  readonly path: string;
  /** The ids of the mailpieces that it is about. */
  readonly about: readonly string[];
  readonly body?: unknown;
  readonly guard?: SendGuard;
}

/** Throws `AdapterConfigError` where the address or the token cannot be used. */
export function createClient(
  options: z.infer<typeof printShopOptions>,
  wiring: AdapterWiring,
): PrintShopClient {
  // A wiring that has a print shop of its own has filled it in.
  if (options.url === undefined)
    throw new AdapterConfigError('printer.url', 'is missing: an http: or https: URL');
  const base = new URL(options.url);
  if (base.username !== '' || base.password !== '') {
    throw new AdapterConfigError(
      'printer.url',
      'must not hold a user name or password; it is logged. The token is a secret',
    );
  }
  const root = base.href.replace(/\/+$/, '');
  // Asked for at each call: a secret that was replaced counts without a restart.
  const token = (): string => wiring.secret(options.tokenSecret)?.trim() ?? '';
  if (token() === '')
    throw new AdapterConfigError(
      'printer.tokenSecret',
      `the secret ${options.tokenSecret} is not set`,
    );

  let ledger = options.ledger ?? null;

  return {
    async ask({ method, route, path, about, body, guard }, context) {
      const bearer = token();
      if (bearer === '')
        return {
          kind: 'not_sent',
          message: `Not sent: the secret ${options.tokenSecret} is not set any more.`,
          hungUp: true,
        };
      const json = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${bearer}`,
        accept: 'application/json',
        ...(ledger === null ? {} : { [LEDGER_HEADER]: ledger }),
      };
      const outcome = await callProvider(
        {
          method,
          url: root + path,
          headers:
            json === undefined ? headers : { ...headers, 'content-type': 'application/json' },
          ...(json === undefined ? {} : { body: json }),
          timeoutMs: options.timeoutMs,
          // A shop of one's own counts nobody's requests.
          limit: { route: `${method} ${route}`, windows: [] },
          about,
          secrets: [bearer],
        },
        context,
        guard,
      );
      if (outcome.kind === 'answer' && outcome.status < 300)
        ledger ??= outcome.headers.get(LEDGER_HEADER);
      return outcome;
    },
  };
}

/** An answer that is none of those asked for, in a sentence. */
export function describe(outcome: HttpOutcome): string {
  if (outcome.kind !== 'answer') return outcome.message;
  const told = readJson(refusal, outcome.body);
  if (isAnotherLedger(outcome)) {
    return (
      `Another print shop answers than the one that has our cards: ` +
      `${told?.message ?? ''} ` +
      `Start the shop in its old folder again.`
    );
  }
  const words = told === null ? '' : ` ${told.code}: ${told.message.slice(0, 300)}`;
  return `The print shop answered ${outcome.status}${words}`;
}
