/** Asks a provider about an account, by its one harmless request. */
import { z } from 'zod';
import { messageOf } from '../common/message-of.ts';
import { storable } from '../common/text.ts';
import {
  quietContext,
  silentLogger,
  unlimited,
  type AccountFinding,
  type CallRecorder,
  type Connection,
  type ConnectionKind,
  type RateLimiter,
} from '../ports/index.ts';
import type { Sql } from '../machine/calls.ts';
import { recordCalls } from '../machine/provider-calls.ts';
import { CallLog } from './call-log.ts';
import { Meter } from './meter.ts';

const said = z.string().transform((text) => storable(text.slice(0, 1000)));
const finding = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('usable'),
    mode: z.enum(['test', 'live']),
    account: said.nullable(),
    notes: z.array(said).max(20),
  }),
  z.object({ outcome: z.literal('refused'), message: said }),
  z.object({ outcome: z.literal('unreachable'), message: said }),
]);

export interface AccountQuestion {
  readonly kind: ConnectionKind;
  readonly connection: Connection;
  readonly timeoutMs: number;
  /** Of all who use the account; default: nothing is waited for. */
  readonly limiter?: RateLimiter;
  /** Default: where `kept` says. */
  readonly calls?: CallRecorder;
  /**
   * Where the call is kept, of an account that is there. It costs no finding where that fails, or
   * where the role may not.
   */
  readonly kept?: { readonly sql: Sql; readonly connectionId: string };
}

/** As calls about the account itself are kept. */
export const ASKS_OF_ACCOUNT = 'connection';

/**
 * Where something goes wrong with the request, nothing is known of the account. An account of the
 * other mode than the connection's is refused. Throws what the secrets of the connection throw.
 */
export async function askAccount(question: AccountQuestion): Promise<AccountFinding> {
  const { kind, connection } = question;
  for (const { purpose } of kind.secrets) connection.secrets(purpose);
  const answer = await askAndKeep(question);
  const read = finding.safeParse(answer);
  if (!read.success)
    return { outcome: 'unreachable', message: 'its adapter gave no finding that can be read' };
  const found = withoutSecrets(read.data, kind, connection);
  if (found.outcome === 'usable' && found.mode !== connection.mode)
    return {
      outcome: 'refused',
      message: `the account is ${found.mode}, and the connection is ${connection.mode}`,
    };
  return found;
}

async function askAndKeep(question: AccountQuestion): Promise<unknown> {
  const { kept, connection } = question;
  if (kept === undefined) return await ask(question);
  const { sql, connectionId } = kept;
  const log = new CallLog({
    write: async (calls) => await recordCalls(sql, calls),
    logger: silentLogger,
    meter: new Meter(),
    onCall: () => undefined,
  });
  const { organizationId } = connection;
  const account = { organizationId, connectionId, who: ASKS_OF_ACCOUNT };
  try {
    return await ask({ calls: log.recorderOf(account), ...question });
  } finally {
    await log.end();
  }
}

async function ask({
  kind,
  connection,
  timeoutMs,
  limiter = unlimited,
  calls = { record: () => undefined },
}: AccountQuestion): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<never>((_, reject) => {
    const give = (): void => reject(new Error(`no answer within ${timeoutMs} ms`));
    signal.addEventListener('abort', give, { once: true });
  });
  try {
    // Nothing is remembered between such requests.
    const context = { ...quietContext(signal), limiter, calls };
    return await Promise.race([kind.check(connection, context), late]);
  } catch (error) {
    return { outcome: 'unreachable', message: messageOf(error) };
  }
}

/** A provider, or an error of an adapter, may quote the request. */
function withoutSecrets(
  found: AccountFinding,
  kind: ConnectionKind,
  connection: Connection,
): AccountFinding {
  const secrets = kind.secrets.flatMap(({ purpose }) => connection.secrets(purpose));
  const redacted = (text: string): string =>
    secrets.reduce((rest, value) => rest.replaceAll(value, '…'), text);
  return found.outcome === 'usable'
    ? {
        ...found,
        account: found.account === null ? null : redacted(found.account),
        notes: found.notes.map(redacted),
      }
    : { ...found, message: redacted(found.message) };
}
