/** Campaigns whose test is over, and what is asked of them. */
import type postgres from 'postgres';
import { applyCampaign, launch } from '@postrider/core';
import { definition, type Place } from '../../support/machine.ts';
import { mailBegun, proofAll, settleAll, type Sending } from '../rig.ts';

export async function pieces(sql: postgres.Sql, at: Place): Promise<string[]> {
  const rows = await sql<{ piece: string }[]>`
    select mode || ' ' || status as piece
    from postrider.mailpiece
    where organization_id = ${at.organizationId}
      and campaign_id = ${at.campaignId}
    order by opened_at, id`;
  return rows.map(({ piece }) => piece);
}

/** Another campaign of the same organization. */
export async function another(
  sql: postgres.Sql,
  at: Place,
  mode: 'test' | 'live',
  name: string,
): Promise<Place> {
  const { organizationId } = at;
  const { campaignId } = await applyCampaign(sql, organizationId, definition({ name }));
  await launch(sql, { organizationId, campaignId }, { mode });
  return { organizationId, campaignId };
}

/** Makes the cards of everybody who waits, and has the printer accept them. */
export async function mailAll(sql: postgres.Sql, at: Place): Promise<Sending> {
  await proofAll(sql, at);
  const batch = await mailBegun(sql, at);
  await settleAll(sql, at, batch);
  return batch;
}
