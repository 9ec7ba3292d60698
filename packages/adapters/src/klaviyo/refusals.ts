/**
 * What Klaviyo's answers mean. Only 202 says that an event is taken. A refusal counts where it is
 * in Klaviyo's words: what stands before it answers 400 and 403 now and then by itself.
 */
import { z } from 'zod';
import { retryAfterMs, type HttpAnswer } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';

const DAY = 86_400_000;

const text = z.string().nullish().catch(null);

const refusal = z.object({
  errors: z
    .array(
      z.object({
        code: z.string(),
        title: text,
        detail: text,
        source: z.object({ pointer: text, parameter: text }).nullish().catch(null),
      }),
    )
    .min(1),
});

export type Meaning =
  | { readonly kind: 'taken' }
  /** The key, its scopes, or the revision: whatever is sent next fares alike. */
  | { readonly kind: 'account'; readonly message: string }
  /** This one can never be taken. */
  | { readonly kind: 'event'; readonly message: string }
  /** 429: nothing was done. */
  | { readonly kind: 'limited'; readonly message: string; readonly pauseMs: number | null }
  /** Perhaps it was taken. */
  | {
      readonly kind: 'later';
      readonly message: string;
      readonly pauseMs: number | null;
      /** Whatever is sent next fares alike. */
      readonly isDown: boolean;
    };

export function meaningOf(answer: HttpAnswer, now: Date): Meaning {
  const { status, headers, body } = answer;
  if (status === 202) return { kind: 'taken' };
  const told = readJson(refusal, body)?.errors ?? [];
  const [first] = told;
  const words = first === undefined ? '' : ` ${sentenceOf(first)}`;
  const message = `Klaviyo answered ${status}${words}`;
  const pauseMs = retryAfterMs(headers, now, DAY);
  if (status === 429) return { kind: 'limited', message, pauseMs };
  if (first === undefined) return { kind: 'later', message, pauseMs, isDown: true };
  if ([401, 403, 405, 406, 410, 415].includes(status)) return { kind: 'account', message };
  // Which of 400 and 401 a wrong key is answered with is UNCONFIRMED.
  if (status === 400 && told.some(isAboutTheAccount)) return { kind: 'account', message };
  if ([400, 404, 413, 422].includes(status)) return { kind: 'event', message };
  return { kind: 'later', message, pauseMs, isDown: status >= 500 };
}

type Told = z.infer<typeof refusal>['errors'][number];

/** Where it does not point into what was sent. */
function isAboutTheAccount({ code, detail, source }: Told): boolean {
  if (/authenticat|api_key|permission|revision/.test(code)) return true;
  return (
    !(source?.pointer ?? '').startsWith('/data/a') &&
    /\b(api key|authenticat\w+|credentials?|revision)\b/i.test(detail ?? '')
  );
}

function sentenceOf({ code, title, detail, source }: Told): string {
  const where = source?.pointer ?? source?.parameter ?? '';
  const at = where === '' || where === '/data/' ? '' : ` (${where})`;
  return `${code}: ${(detail ?? title ?? '').slice(0, 300)}${at}`;
}
