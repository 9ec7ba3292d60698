/** Requests to one account of a provider: its key, its address, its limits, its words. */
import { AdapterConfigError, isNamed } from '@postrider/core/ports';
import type {
  AdapterWiring,
  CallContext,
  Connection,
  SendGuard,
  LimitNotice,
  RouteLimit,
  SecretKind,
} from '@postrider/core/ports';
import { z } from 'zod';
import { callProvider } from './call.ts';
import type { HttpBody } from './http-body.ts';
import type { HttpOutcome, HttpRequest } from './http.ts';
import { parseOptions } from './options.ts';

/** What a provider says in a refusal; `code` null: it gave none. */
export interface ToldRefusal {
  readonly code: string | null;
  readonly message: string;
}

/** How the accounts of a provider are spoken to. */
export interface AccountKind<Options extends { readonly url: string } = { readonly url: string }> {
  /** For people, for example `Lob`. */
  readonly title: string;
  readonly options: z.ZodType<Options>;
  /** The headers by which a request says whose it is, and whatever else each request needs. */
  headers(key: string, options: Options): Readonly<Record<string, string>>;
  /**
   * What a key is for, where its form tells: with a key of the other mode, or of none, nothing is
   * sent. Absent: a key does not tell, and the mode of the connection alone counts.
   */
  readonly modeOf?: (key: string) => 'test' | 'live' | null;
  /** What the provider counts together: a route without ids, and how many requests it takes. */
  limitOf(method: string, path: string): RouteLimit;
  /** What the headers of an answer say of the limit; null: nothing. */
  readLimit?(headers: Headers, now: Date): LimitNotice | null;
  /** What a body says that refuses; null: it is not in the provider's words. */
  refusalIn(body: string): ToldRefusal | null;
}

export interface AccountRequest {
  readonly method: HttpRequest['method'];
  /** Below the address of the API, for example `/postcards`. */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** In place of a body. */
  readonly json?: unknown;
  /** Mailpieces that it is about. */
  readonly about: readonly string[];
}

export interface KeyFault {
  readonly reason: 'no_key' | 'wrong_mode';
  readonly message: string;
}

export interface Account {
  readonly title: string;
  readonly connection: Connection;
  /**
   * Why nothing can be sent with the key that it has now: none is there, it cannot be read, or it
   * is of the other mode. Null: it can.
   */
  keyFault(): KeyFault | null;
  ask(request: AccountRequest, context: CallContext, guard?: SendGuard): Promise<HttpOutcome>;
  /** What an answer says that is not as it was asked for: its code, and all of it in a sentence. */
  refusalIn(outcome: HttpOutcome): ToldRefusal;
}

const THIS_MACHINE: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The option of an account that says where its API is. The key travels there with each request. */
export function addressOption(usual: string) {
  return z
    .url({ protocol: /^https?$/, error: 'must be an http: or https: URL' })
    .refine((text) => {
      const { protocol, hostname } = new URL(text);
      return protocol === 'https:' || THIS_MACHINE.has(hostname);
    }, 'must be https:, since the key travels there; http: is for a twin on this machine')
    .default(usual)
    .describe('where the API is; another one is for its twin');
}

/** The option of a printer that says how long a request may take. */
export function timeoutOption(usual: number) {
  return z
    .int()
    .min(1000)
    .max(55_000)
    .default(usual)
    .describe('of one request, in milliseconds; shorter than the runner’s lease');
}

/** What a key is for, where it begins with `test_` or `live_`; null: with neither. */
export function modeByPrefix(key: string): 'test' | 'live' | null {
  if (key.startsWith('test_')) return 'test';
  return key.startsWith('live_') ? 'live' : null;
}

/** For the secrets of an account whose keys begin so. */
export const prefixedApiKey: SecretKind = {
  purpose: 'api_key',
  title: 'API key',
  required: true,
  problem: (value) => (modeByPrefix(value) === null ? 'does not begin with test_ or live_' : null),
};

/** Throws `AdapterConfigError` where the campaign file names a kind in place of an account. */
export function accountOf<Options extends { readonly url: string }>(
  kind: AccountKind<Options>,
  { connection }: AdapterWiring,
  { timeoutMs, example }: { readonly timeoutMs: number; readonly example: string },
): Account {
  if (connection === undefined)
    throw new AdapterConfigError(
      'printer.kind',
      `${kind.title} needs an account: name a connection in its place, as in printer: { connection: ${example}-main } (see postrider connect ${example})`,
    );
  return accountAt(kind, connection, timeoutMs);
}

/** @param timeoutMs of one request. */
export function accountAt<Options extends { readonly url: string }>(
  kind: AccountKind<Options>,
  connection: Connection,
  timeoutMs: number,
): Account {
  const { title } = kind;
  const faultOf = (key: string | undefined): KeyFault | null => {
    const { name, mode } = connection;
    if (key === undefined)
      return { reason: 'no_key', message: `connection ${name} has no API key` };
    const told = kind.modeOf === undefined ? mode : kind.modeOf(key);
    if (told === mode) return null;
    const its = told === null ? `none of ${title}` : `for ${told} mode`;
    const message = `connection ${name} is for ${mode} mode, and its key is ${its}`;
    return { reason: 'wrong_mode', message };
  };
  return {
    title,
    connection,
    keyFault() {
      try {
        return faultOf(connection.secrets('api_key')[0]);
      } catch (error) {
        if (isNamed<Error>(error, 'SecretError'))
          return { reason: 'no_key', message: error.message };
        throw error;
      }
    },
    async ask({ method, path, query, headers, body, json, about }, context, guard) {
      // Read at each call: what was rotated counts at once.
      const options = parseOptions('connection', kind.options, connection.options);
      const secrets = connection.secrets('api_key');
      const [key = ''] = secrets;
      // A look-up by the other mode would find none of our pieces, and take them for proven absent.
      const fault = faultOf(secrets[0]);
      if (fault !== null)
        return { kind: 'not_sent', message: `Not sent: ${fault.message}.`, hungUp: true };
      const asked = query === undefined || query.size === 0 ? '' : `?${query.toString()}`;
      const sent = json === undefined ? body : JSON.stringify(json);
      return await callProvider(
        {
          method,
          url: `${options.url.replace(/\/+$/, '')}${path}${asked}`,
          headers: {
            accept: 'application/json',
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
            ...kind.headers(key, options),
            ...headers,
          },
          ...(sent === undefined ? {} : { body: sent }),
          timeoutMs,
          limit: kind.limitOf(method, path),
          about,
          secrets,
          readLimit: (told, now) => kind.readLimit?.(told, now) ?? null,
        },
        context,
        guard,
      );
    },
    refusalIn(outcome) {
      if (outcome.kind !== 'answer') return { code: null, message: outcome.message };
      const told = kind.refusalIn(outcome.body);
      const code = told?.code ?? null;
      const words = told === null ? '' : ` ${code ?? ''}: ${told.message.slice(0, 300)}`;
      return { code, message: `${title} answered ${outcome.status}${words}` };
    },
  };
}
