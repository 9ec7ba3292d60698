import type postgres from 'postgres';
import type { Place } from '../../support/machine.ts';

/** What corrects one person: by a rule of admission, and without. */
export function amending(
  sql: postgres.Sql,
  { organizationId, campaignId }: Place,
): readonly (readonly [what: string, run: () => Promise<unknown>])[] {
  let who: string | null = null;
  const amend = async (fields: string): Promise<unknown> =>
    who !== null &&
    (await sql`select postrider.amend(${who}, ${fields}::text::jsonb, 'as a dry run', true)`);
  return [
    [
      'somebody to amend',
      async () => {
        const [row] = await sql<{ id: string }[]>`
          select recipient_id as id
          from postrider.recipient_state
          where organization_id = ${organizationId}
            and campaign_id = ${campaignId}
            and waiting_state = 'pending'
          order by available_at, recipient_id
          limit 1`;
        who = row?.id ?? null;
      },
    ],
    ['amend an address', async () => await amend('{"line1": "9 Oak Street"}')],
    ['amend a name', async () => await amend('{"firstName": "Zora"}')],
  ];
}
