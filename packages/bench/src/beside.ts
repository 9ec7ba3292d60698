/** A pipeline that goes on beside what is measured, and its pace. */
import type postgres from 'postgres';
import { pause } from './pause.ts';
import { addPending, addPeople, type Place } from './scratch.ts';

/** People who wait, at any time. */
const AHEAD = 6000;

/** Keeps the campaign supplied with people, until it is ended. */
export function supplied(sql: postgres.Sql, at: Place): { end(): Promise<void> } {
  let isOver = false;
  const supplying = (async () => {
    // Of later lots autovacuum tells: to look anew at each takes from what is measured.
    for (let [lot, add] = [0, addPending]; !isOver;) {
      const [row] = await sql<{ people: number }[]>`
        select (recipients - sent - received)::int as people
        from postrider.funnel
        where campaign_id = ${at.campaignId}`;
      if ((row?.people ?? 0) < AHEAD) {
        await add(sql, at, AHEAD, `lot ${(lot += 1)} `);
        add = addPeople;
      } else await pause(200);
    }
  })();
  return {
    end: async () => {
      isOver = true;
      await supplying;
    },
  };
}

export async function received(sql: postgres.Sql, { campaignId }: Place): Promise<number> {
  const [row] = await sql<{ people: number }[]>`
    select received::int as people from postrider.funnel where campaign_id = ${campaignId}`;
  return row?.people ?? 0;
}

/** How many people a second were received while the work went on. */
export async function paceOf<T>(
  sql: postgres.Sql,
  at: Place,
  work: () => Promise<T>,
): Promise<{ readonly pace: number; readonly result: T }> {
  const [before, began] = [await received(sql, at), performance.now()];
  const result = await work();
  const people = (await received(sql, at)) - before;
  return { pace: people / ((performance.now() - began) / 1000), result };
}
