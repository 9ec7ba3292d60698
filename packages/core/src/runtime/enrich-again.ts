/**
 * People whose enricher did not work are looked up once it does: the beat of enrichment is hours
 * away.
 */
import type { PgBoss } from 'pg-boss';
import type postgres from 'postgres';
import { messageOf } from '../common/message-of.ts';
import type { ConnectionKey } from '../machine/connections.ts';
import { isOfEnricher } from '../machine/enrich.ts';
import type { Logger } from '../ports/index.ts';

/** Never rejects: where no job can be sent, the beat does it. */
export async function enrichAgain(
  { sql, boss, logger }: { sql: postgres.Sql; boss: PgBoss; logger: Logger },
  connection: ConnectionKey,
): Promise<void> {
  const { organizationId } = connection;
  try {
    if (!(await isOfEnricher(sql, connection))) return;
    await boss.send(
      'enrich',
      { organization_id: organizationId, only_due: false },
      { singletonKey: organizationId },
    );
  } catch (error) {
    logger.warn(
      { organization: organizationId, error: messageOf(error) },
      'an enricher works again, and is asked with the next beat only',
    );
  }
}
