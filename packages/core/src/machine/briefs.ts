/** Typed calls that tell what an adapter is made from. */
import type { Address } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';

/** What a runner must know of a campaign to render and print for it. */
export interface CampaignBrief {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly name: string;
  readonly template: string;
  readonly format: string;
  readonly mailClass: string;
  readonly mode: 'test' | 'live';
  readonly printerName: string;
  readonly returnAddress: Address | null;
  /** Adapters by port, as in the campaign file. */
  readonly integrations: Readonly<Record<string, unknown>>;
  /** The ids of the connections that it names, by port as in the campaign file. */
  readonly connectionIds: Readonly<Record<string, string>>;
  readonly baseDirectory: string;
}

/** A printer, by the name that the organization's campaign files give it. */
export interface PrinterKey {
  readonly organizationId: string;
  readonly printerName: string;
}

/** How a printer is reached, as the database has it. */
export interface PrinterBrief {
  readonly organizationId: string;
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** The account that it is reached by; null: it needs none. */
  readonly connectionId: string | null;
  readonly baseDirectory: string | null;
  /**
   * In milliseconds: the longest rest of an unknown outcome that a runner has noted for it; null
   * before the first card.
   */
  readonly quietMs: number | null;
}

/** Throws where there is no such campaign, or where it is not this role's to see. */
export async function campaignBrief(
  sql: Sql,
  organizationId: string,
  campaignId: string,
): Promise<CampaignBrief> {
  const brief = await calls.campaignBrief<CampaignBrief | null>(sql, {
    organizationId,
    campaignId,
  });
  if (brief === null) throw new Error(`there is no campaign ${campaignId}`);
  return brief;
}

/** Null where there is no such printer, or where it is not this role's to see. */
export async function printerBrief(
  sql: Sql,
  organizationId: string,
  printerName: string,
): Promise<PrinterBrief | null> {
  return await calls.printerBrief(sql, { organizationId, printerName });
}

/** A printer by its name in its organization, and what its adapter was given. */
export interface PrinterOfKind {
  readonly organizationId: string;
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The printers of one kind of all organizations that this role sees, by name. */
export async function printersOfKind(sql: Sql, kind: string): Promise<readonly PrinterOfKind[]> {
  return await withMachineErrors(
    sql<PrinterOfKind[]>`
      select organization_id as "organizationId", name, options
      from postrider.printer
      where kind = ${kind}
      order by organization_id, name`,
  );
}
