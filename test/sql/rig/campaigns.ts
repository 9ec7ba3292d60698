/** Campaigns of one mailing, and what became of one. */
import type postgres from 'postgres';
import { launch } from '@postrider/core';
import { people, syncPeople, type Person, type Place } from '../../support/machine.ts';
import { place } from '../rig.ts';

export async function statusOf(sql: postgres.Sql, at: Place): Promise<string> {
  return String(
    (await sql`select status from postrider.campaign where id = ${at.campaignId}`)[0]?.['status'],
  );
}

/** A one-off that was synced while it could be, and launched. */
export async function oneOff(
  sql: postgres.Sql,
  list: number | readonly Person[] = 1,
): Promise<Place> {
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  await syncPeople(sql, at, typeof list === 'number' ? people(list) : list);
  await launch(sql, at, { mode: 'live' });
  return at;
}
