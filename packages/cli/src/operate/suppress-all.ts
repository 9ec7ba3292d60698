/** A whole list of do-not-mail entries at once. */
import { basename } from 'node:path';
import type { Sql } from '@postrider/runner/database';
import type { Suppression } from './suppressions.ts';

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
