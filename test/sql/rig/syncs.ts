/**
 * Runs of sync, page by page; who comes in, with an address and without; and another campaign that
 * they may come to.
 */
import type postgres from 'postgres';
import { applyCampaign, launch, type CampaignDefinition } from '@postrider/core';
import {
  applySyncPage,
  closeSync,
  openSync,
  type SyncKind,
} from '../../../packages/core/src/machine/sync.ts';
import type { Member, Reject } from '../../../packages/core/src/ports/index.ts';
import { definition, type Person, type Place } from '../../support/machine.ts';

export interface SyncRun {
  page(members: readonly Person[], rejects?: readonly Reject[]): Promise<void>;
  close(complete?: boolean, allowDepartures?: boolean): ReturnType<typeof closeSync>;
}

/** A run that is open, with where it runs. */
export async function runOpened(
  sql: postgres.Sql,
  at: Place,
  kind: SyncKind = 'manual',
  holder = 'test',
) {
  return {
    ...at,
    ...(await openSync(sql, { ...at, kind, holder })),
  };
}

export function membersOf(list: readonly Person[]): Member[] {
  return list as unknown as Member[];
}

/** A run of several pages. */
export async function syncRun(sql: postgres.Sql, at: Place): Promise<SyncRun> {
  const opened = await runOpened(sql, at);
  return {
    page: async (members, rejects = []) =>
      await applySyncPage(sql, opened, { members: membersOf(members), rejects, waitedMs: 5 }),
    close: async (complete = true, allowDepartures = false) =>
      await closeSync(sql, opened, { complete, error: null, allowDepartures }),
  };
}

export function emailOnly(externalId: string, row = 1): Person {
  return {
    externalId,
    row,
    email: `${externalId}@example.com`,
    firstName: 'Ada',
    lastName: 'B',
    merge: {},
  };
}

/** Somebody with an e-mail, and a house of their own unless told otherwise. */
export function resident(externalId: string, over: Partial<Person> = {}, row = 1): Person {
  return {
    externalId,
    row,
    email: `${externalId.replaceAll(' ', '.')}@example.com`,
    firstName: externalId,
    lastName: 'Byron',
    line1: `1 ${externalId} Street`,
    line2: null,
    city: 'Oakland',
    region: 'CA',
    postalCode: '94607',
    country: 'US',
    merge: {},
    ...over,
  };
}

let campaigns = 0;

/** One more campaign of the same organization, launched. */
export async function anotherCampaign(
  sql: postgres.Sql,
  first: Place,
  over: Partial<CampaignDefinition> = {},
): Promise<Place> {
  const { organizationId } = first;
  const { campaignId } = await applyCampaign(
    sql,
    organizationId,
    definition({ name: `another ${(campaigns += 1)}`, ...over }),
  );
  await launch(sql, { organizationId, campaignId }, { mode: 'live' });
  return { organizationId, campaignId };
}
