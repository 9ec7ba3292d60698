/**
 * Requests to one print shop: its address, our token, and the ledger that knows our cards.
 *
 * A shop with another ledger than ours has never heard of our pieces, nor of their keys: "absent"
 * there proves nothing, and a repeat would be a second card. The ledger is therefore named in every
 * request, and a shop that keeps another one answers 412 `another_ledger` and does nothing.
 */
import { AdapterConfigError } from '@postrider/core/ports';
import type { AdapterWiring, CallContext, LeaseGuard, RouteLimit } from '@postrider/core/ports';
import type { z } from 'zod';
import { sendRequest } from '../kit/http.ts';
import type { HttpOutcome } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';
import type { printShopOptions } from './options.ts';
import { isAnotherLedger, LEDGER_HEADER, refusal } from './wire.ts';

/** A shop of one's own counts nobody's requests. */
const unlimited: RouteLimit = { route: 'any', windows: [] };

export interface PrintShopClient {
  /**
   * Waits for the rate limit, says that it is at it, and sends; `lease` is asked last, because the
   * wait may have outlived it.
   */
  ask(request: ShopRequest, context: CallContext): Promise<HttpOutcome>;
}

export interface ShopRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly lease?: LeaseGuard;
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
    async ask({ method, path, body, lease }, context) {
      const bearer = token();
      if (bearer === '')
        return {
          kind: 'not_sent',
          message: `Not sent: the secret ${options.tokenSecret} is not set any more.`,
        };
      const json = body === undefined ? undefined : JSON.stringify(body);
      try {
        await context.limiter.take(unlimited, 1, context.signal);
        context.alive();
        lease?.assertHeld();
      } catch (error) {
        return {
          kind: 'not_sent',
          message: `Not sent: ${error instanceof Error ? error.message : String(error)}`,
        };
      }
      const headers = {
        authorization: `Bearer ${bearer}`,
        accept: 'application/json',
        ...(ledger === null ? {} : { [LEDGER_HEADER]: ledger }),
      };
      const outcome = await sendRequest({
        method,
        url: root + path,
        headers: json === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(json === undefined ? {} : { body: json }),
        timeoutMs: options.timeoutMs,
        signal: context.signal,
      });
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
