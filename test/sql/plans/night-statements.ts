import type postgres from 'postgres';
import { campaignProgress } from '../../../packages/core/src/machine/progress.ts';
import { metricsText } from '../../../packages/runner/src/http/metrics.ts';
import type { Place } from '../../support/machine.ts';
import type { Step } from './everyday-statements.ts';

const nothingDone = {
  campaigns: [],
  webhooks: 0,
  found: 0,
  calls: [],
  providerCalls: { recorded: 0, dropped: 0 },
  jobs: [],
  atWork: 0,
};

/**
 * What a night needs: what people ask when something is not as they thought, and what watches the
 * runners meanwhile.
 */
export function askedAtNight(
  sql: postgres.Sql,
  { organizationId, campaignId }: Place,
): readonly Step[] {
  return [
    ['why by an id of nobody', async () => await sql`select * from postrider.why('nobody')`],
    ['trace by an id of nobody', async () => await sql`select * from postrider.trace('nobody')`],
    ['suppressed', async () => await sql`select * from postrider.suppressed('crowd7@example.com')`],
    [
      'suppressed, by address',
      async () =>
        await sql`
          select *
          from postrider.suppressed(p_line1 => '7 Crowd Street', p_postal_code => '94607')`,
    ],
    ['spending', async () => await sql`select * from postrider.spending`],
    ['pace', async () => await sql`select * from postrider.pace`],
    ['progress', async () => await campaignProgress(sql, [campaignId])],
    [
      'learn deliveries',
      async () => {
        await sql`update postrider.delivery_news set due_at = now()`;
        await sql`
          select postrider.note_promises(${organizationId}),
            postrider.learn_deliveries(${organizationId})`;
      },
    ],
    ['overdue', async () => await sql`select * from postrider.overdue`],
    [
      'delivery times',
      async () =>
        await sql`
          select (select count(*) from postrider.delivery_times),
            (select count(*) from postrider.delivery_results)`,
    ],
    ['metrics', async () => await metricsText(sql, nothingDone, new Map())],
  ];
}
