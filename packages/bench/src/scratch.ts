/**
 * A scratch database for a bench: made beside the one at hand, migrated, and dropped at the end.
 */
import { randomBytes } from 'node:crypto';
import {
  applyCampaign,
  armPrinter,
  connect,
  defineCampaign,
  launch,
  migrate,
  ensureOrganization,
  type DatabaseAddress,
  type AppliedCampaign,
  type ConnectOptions,
} from '@postrider/core';
import type postgres from 'postgres';

export interface Scratch {
  readonly sql: postgres.Sql;
  /** One more client. */
  connect(
    max: number,
    options?: Pick<ConnectOptions, 'onQuery' | 'synchronousCommit'>,
  ): postgres.Sql;
}

/** Where the people of a bench are. */
export type Place = Pick<AppliedCampaign, 'organizationId' | 'campaignId'>;

export const PRINTER = 'press';

function withDatabase(address: DatabaseAddress, name: string): DatabaseAddress {
  return { ...address, database: name };
}

/** Runs `work` in a scratch database. The role needs CREATEDB. */
export async function inScratch<T>(
  address: DatabaseAddress,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const name = `postrider_bench_${process.pid}_${randomBytes(3).toString('hex')}`;
  const admin = connect(address, { max: 1, name: 'postrider bench' });
  await admin.unsafe(`create database ${name} template template0 encoding 'UTF8'`);
  const clients: postgres.Sql[] = [];
  try {
    const open: Scratch['connect'] = (max, options) => {
      const sql = connect(withDatabase(address, name), {
        max,
        name: 'postrider bench',
        ...options,
      });
      clients.push(sql);
      return sql;
    };
    const sql = open(4);
    await migrate(sql);
    return await work({ sql, connect: open });
  } finally {
    await Promise.all(clients.map(async (sql) => await sql.end({ timeout: 5 })));
    await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.end();
  }
}

/**
 * A launched campaign with `people` pending recipients, put there by one statement a table. Launch
 * it yourself where `launchNow` is false.
 */
export async function fill(sql: postgres.Sql, people: number, launchNow = true): Promise<Place> {
  const organizationId = await ensureOrganization(sql, 'Bench');
  const definition = defineCampaign({
    name: 'bench',
    template: 'none',
    format: '4x6',
    printer_name: PRINTER,
  });
  const { campaignId } = await applyCampaign(sql, organizationId, definition);
  await armPrinter(sql, organizationId, PRINTER);
  await addPending(sql, { organizationId, campaignId }, people, 'bench');
  if (launchNow) await launch(sql, { organizationId, campaignId }, { mode: 'live' });
  return { organizationId, campaignId };
}

/** People who are pending, with statistics that know them. */
export async function addPending(
  sql: postgres.Sql,
  at: Place,
  people: number,
  prefix: string,
): Promise<void> {
  await addPeople(sql, at, people, prefix);
  await sql`analyze postrider.recipient, postrider.recipient_state`;
}

/** People who are pending, and that no statistics know of yet. */
export async function addPeople(
  sql: postgres.Sql,
  at: Place,
  people: number,
  prefix: string,
): Promise<void> {
  // One statement for both tables, which is also what lets sync claim the move.
  await sql`
    with who as (
      insert into postrider.recipient (
        organization_id, id, campaign_id, external_id, email, first_name, last_name,
        line1, city, region, postal_code, country, address_from, merge,
        email_key, household_key, reference, created_at)
      select
        ${at.organizationId}::uuid, postrider.new_id(), ${at.campaignId}::uuid,
        ${prefix} || i, ${prefix} || i || '@example.com', 'Ada', 'Byron ' || i,
        i || ' Main Street', 'Oakland', 'CA', '94607', 'US', 'source', '{}',
        ${prefix} || i || '@example.com',
        '2|US|94607|' || i || '|MAIN|ST||||' || ${prefix}::text,
        postrider.new_reference(), clock_timestamp()
      from generate_series(1, ${people}) as i
      returning organization_id, id, campaign_id
    ), acting as materialized (select postrider.act_as(p_actor => 'sync') as before)
    insert into postrider.recipient_state (
      organization_id, recipient_id, campaign_id, state, since, move_no, available_at, reason)
    select
      organization_id, id, campaign_id, 'pending', clock_timestamp(), 1, clock_timestamp(), 'new'
    from who, acting`;
}
