/** Runs of sync, page by page, and who comes in without an address. */
import type postgres from 'postgres';
import { applyPage, closeSync, openSync } from '../../../packages/core/src/machine/sync.ts';
import type { Member, Reject } from '../../../packages/core/src/ports/index.ts';
import type { Person, Place } from '../../support/machine.ts';

export interface SyncRun {
  page(members: readonly Person[], rejects?: readonly Reject[]): Promise<void>;
  close(complete?: boolean, allowDepartures?: boolean): ReturnType<typeof closeSync>;
}

/** A run of several pages. */
export const syncRun = async (sql: postgres.Sql, at: Place): Promise<SyncRun> => {
  const opened = { ...at, ...(await openSync(sql, at.organizationId, at.campaignId, 'manual', 'test')) };
  return {
    page: async (members, rejects = []) => await applyPage(sql, opened, members as unknown as Member[], rejects, 5),
    close: async (complete = true, allowDepartures = false) => await closeSync(sql, opened, complete, null, allowDepartures),
  };
};

export const emailOnly = (externalId: string, row = 1): Person => ({
  externalId,
  row,
  email: `${externalId}@example.com`,
  firstName: 'Ada',
  lastName: 'B',
  merge: {},
});
