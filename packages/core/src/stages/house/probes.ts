/**
 * Probes of connections whose breaker is open: one runner at a time asks the provider its harmless
 * request, and no card is risked.
 */
import { messageOf } from '../../common/message-of.ts';
import type { ConnectionKey } from '../../machine/connections.ts';
import { settleProbe, type ProbeFinding } from '../../machine/health.ts';
import { askAccount, ASKS_OF_ACCOUNT } from '../../runtime/ask-account.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { limiterOf } from '../../runtime/limits.ts';
import { redacted } from '../../runtime/work-failures.ts';

/** Shorter than the lease of a probe. */
const TIMEOUT_MS = 10_000;

/** Never throws: a probe that is not settled is another runner's when its lease has passed. */
export async function probeConnections(
  context: PipelineContext,
  claimed: readonly ConnectionKey[],
): Promise<void> {
  await Promise.all(claimed.map(async (connection) => await probe(context, connection)));
}

async function probe(context: PipelineContext, connection: ConnectionKey): Promise<void> {
  const { sql, runnerId, health, logger } = context;
  const fields = { organization: connection.organizationId, connection: connection.connectionId };
  try {
    const { found, cause } = await findingOf(context, connection);
    const state = await settleProbe(sql, connection, runnerId, { found, cause });
    if (found === 'answered') logger.info(fields, 'a provider that failed answers its probe');
    else if (state !== null)
      logger.warn({ ...fields, found, cause }, 'a provider was probed, and fails');
    if (state === 'closed') health.closed(connection);
  } catch (error) {
    logger.warn({ ...fields, error: messageOf(error) }, 'a probe could not be settled');
  }
}

async function findingOf(
  context: PipelineContext,
  { connectionId, organizationId }: ConnectionKey,
): Promise<{ readonly found: ProbeFinding; readonly cause: string | null }> {
  try {
    const { integrations, callLog } = context;
    const asked = (await integrations.connection?.(connectionId, organizationId)) ?? null;
    if (asked === null) return { found: 'untried', cause: null };
    const account = { organizationId, connectionId, who: ASKS_OF_ACCOUNT };
    const limiter = limiterOf(context, account, { patienceMs: TIMEOUT_MS });
    let isSent = true;
    const finding = await askAccount({
      ...asked,
      timeoutMs: TIMEOUT_MS,
      calls: callLog.recorderOf(account, false),
      limiter: {
        told: (limit, notice) => limiter.told(limit, notice),
        take: async (limit, cost, signal) => {
          isSent = false;
          const permit = await limiter.take(limit, cost, signal);
          isSent = true;
          return permit;
        },
      },
    });
    // It waited for others, or the runner stops: that says nothing of the provider.
    if (!isSent) return { found: 'untried', cause: null };
    // A provider that refuses the account answers: what it refuses is told with each card.
    if (finding.outcome !== 'unreachable') return { found: 'answered', cause: null };
    return { found: 'broken', cause: redacted(finding.message) };
  } catch (error) {
    return { found: 'broken', cause: `it cannot be probed: ${redacted(messageOf(error))}` };
  }
}
