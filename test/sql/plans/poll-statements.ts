import type postgres from 'postgres';
import { claimPrintersToPoll } from '../../../packages/core/src/machine/track.ts';
import type { Place } from '../../support/machine.ts';

/** Who is polled: the printer of a campaign, and one that its campaign has left. */
export function polling(
  sql: postgres.Sql,
  { organizationId, campaignId }: Place,
): readonly (readonly [what: string, run: () => Promise<unknown>])[] {
  const goTo = async (printer: string): Promise<unknown> =>
    await sql`
      update postrider.campaign set printer_name = ${printer} where id = ${campaignId}`;
  return [
    ['poll', async () => await claimPrintersToPoll(sql, 0)],
    [
      'poll of a printer that is left',
      async () => {
        await sql`
          insert into postrider.printer (organization_id, name, kind)
          values (${organizationId}, 'another', 'noop')
          on conflict do nothing`;
        await goTo('another');
        await claimPrintersToPoll(sql, 0);
        await goTo('press');
      },
    ],
  ];
}
