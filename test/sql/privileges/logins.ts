/**
 * Logins with the rights of the three group roles, beside two organizations that have something in
 * as many tables as one can fill in passing.
 */
import { randomBytes } from 'node:crypto';
import type postgres from 'postgres';
import { connect } from '@postrider/core';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import { emailOnly, event, idOf, place, sent, tell, type Rig } from '../rig.ts';
import { connected } from '../rig/connections.ts';

/** As it stands in the table. */
export const SEALED = Buffer.from('what nobody who reads may see');

export interface Login {
  readonly name: string;
  readonly sql: postgres.Sql;
}

const logins: Login[] = [];

/** A role that can log in, with what its group role may do, for some organizations. */
export async function login(
  rig: Rig,
  group: string,
  organizations: readonly string[],
): Promise<Login> {
  const name = `t_${group}_${process.pid}_${randomBytes(3).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await rig.admin.unsafe(`create role "${name}" login password '${password}' in role ${group}`);
  for (const id of organizations)
    await rig.sql`
      insert into postrider.organization_member (organization_id, role_name)
      values (${id}, ${name})`;
  const url = new URL(rig.machine.url);
  url.username = name;
  url.password = password;
  const made = { name, sql: connect(url.href, { max: 2 }) };
  logins.push(made);
  return made;
}

/** Takes away all that were made. */
export async function logout(rig: Rig): Promise<void> {
  for (const { name, sql } of logins.splice(0)) {
    await sql.end({ timeout: 2 });
    await rig.admin.unsafe(`drop role if exists "${name}"`);
  }
}

/** An organization with people and cards in many states. */
export async function furnished(sql: postgres.Sql): Promise<Place> {
  const at = await place(sql, { effects: ['usage_meter'] });
  const batch = await sent(sql, at, 2);
  const [delivered] = batch.pieces;
  await tell(sql, at, [
    event({ providerId: delivered === undefined ? null : idOf(delivered), status: 'delivered' }),
    event({ providerId: 'x', status: null }),
  ]);
  await syncPeople(sql, at, [emailOnly('mail', 9), ...people(2)]);
  await sql`
    select postrider.claim_batch(
      ${at.organizationId}, ${at.campaignId}, 'x', 10, '1 hour', '1 minute'
    )`;
  await connected(sql, at.organizationId, {
    secrets: [{ purpose: 'api_key', sealed: SEALED.toString('base64'), keyId: 'k1' }],
  });
  await sql`select postrider.suppress(${at.organizationId}, 'no@example.com')`;
  await sql`
    select postrider.receive_webhook(${at.organizationId}, 'press', 'd', ${Buffer.from('{}')})`;
  await sql`
    select * from postrider.open_sync(${at.organizationId}, ${at.campaignId}, 'manual', 'test')`;
  return at;
}

export interface TwoOrganizations {
  readonly mine: Place;
  readonly theirs: Place;
  /** Of my organization only. */
  readonly reader: Login;
  readonly operator: Login;
  /** Of all. */
  readonly runner: Login;
}

export async function twoOrganizations(rig: Rig): Promise<TwoOrganizations> {
  const theirs = await furnished(rig.sql);
  const mine = await furnished(rig.sql);
  return {
    mine,
    theirs,
    reader: await login(rig, 'postrider_reader', [mine.organizationId]),
    operator: await login(rig, 'postrider_operator', [mine.organizationId]),
    runner: await login(rig, 'postrider_runner', []),
  };
}
