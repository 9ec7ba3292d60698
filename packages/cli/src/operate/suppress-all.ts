/** A whole list of do-not-mail entries at once. */
import { basename } from 'node:path';
import type { Sql } from '@postrider/runner/database';
import { count } from '@postrider/runner/process';
import { confirm } from '../output/confirm.ts';
import type { Cli } from '../program/cli.ts';
import type { Suppression } from './suppression-entry.ts';

/** As with a mass departure: so many people, and more than half of those who wait. */
const MANY = 24;

export interface Stopped {
  readonly recipientId: string;
  readonly campaign: string;
  readonly externalId: string;
  readonly line1: string | null;
  readonly line2: string | null;
  /** Possible: the address alone, and not the same household for certain. */
  readonly match: 'certain' | 'possible';
}

/**
 * Returns the people that it stopped. In one transaction: either the whole list stands or nothing
 * of it.
 */
export async function suppressAll(
  sql: Sql,
  organizationId: string,
  entries: readonly Suppression[],
  source: string,
): Promise<readonly Stopped[]> {
  return await sql<Stopped[]>`
    select s.recipient_id as "recipientId", r.campaign, s.external_id as "externalId", r.line1,
      r.line2, s.match
    from json_to_recordset(${JSON.stringify(entries)}::text::json) as e (
      email text,
      "externalId" text,
      line1 text,
      line2 text,
      "postalCode" text,
      country text,
      reason text
    )
    cross join lateral postrider.suppress_and_list(
      p_organization_id => ${organizationId},
      p_email => e.email,
      p_external_id => e."externalId",
      p_line1 => e.line1,
      p_line2 => e.line2,
      p_postal_code => e."postalCode",
      p_country => e.country,
      p_reason => e.reason,
      p_source => ${basename(source)}
    ) s
    left join postrider.recipients r
      on r.organization_id = ${organizationId} and r.id = s.recipient_id`;
}

/** A list, and for whom it is to stand. */
export interface ReadyList {
  readonly organization: { readonly id: string; readonly name: string };
  readonly entries: readonly Suppression[];
  readonly source: string;
}

/** The people whom the list would stop: it is put up and taken back, so that nothing is changed. */
export async function wouldStop(
  sql: Sql,
  { organization, entries, source }: ReadyList,
): Promise<readonly Stopped[]> {
  const back = new Error('rolled back');
  let stopped: readonly Stopped[] = [];
  await sql
    .begin(async (tx) => {
      stopped = await suppressAll(tx as unknown as Sql, organization.id, entries, source);
      throw back;
    })
    .catch((error: unknown) => {
      if (error !== back) throw error;
    });
  return stopped;
}

/**
 * Asks before a list stops many people: a list of customers in place of one of opt-outs would stop
 * everybody, and an entry that is lifted does not bring them back.
 */
export async function confirmMany(
  cli: Cli,
  sql: Sql,
  { list, yes }: { readonly list: ReadyList; readonly yes: boolean },
): Promise<void> {
  if (yes || list.entries.length <= MANY) return;
  const stopped = (await wouldStop(sql, list)).length;
  const [row] = await sql<{ waiting: number }[]>`
    select coalesce(sum(
      address_enrichable + address_enriching + pending + proofing_staged + proofing + proofed
      + sending_staged), 0)::int as waiting
    from postrider.funnel
    where organization_id = ${list.organization.id}`;
  const waiting = row?.waiting ?? 0;
  if (stopped <= MANY || stopped * 2 <= waiting) return;
  await confirm(cli.out, {
    what:
      `${list.source} stops ${count(stopped, 'person', 'people')} of the ${waiting} of ` +
      `${list.organization.name} who are not at the printer yet; whom it stops stays stopped, ` +
      'also where the entry is lifted.',
    yes,
  });
}
