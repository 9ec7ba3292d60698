/**
 * What people call things by: an organization, campaign or printer by its name, a person by
 * whatever one has in hand.
 */
import { didYouMean } from '@postrider/core/ports/near';
import type { Sql } from '@postrider/runner/database';
import { UserError, exitCodes, printable } from '@postrider/runner/process';

export interface CampaignRow {
  readonly organizationId: string;
  readonly organization: string;
  readonly campaignId: string;
  readonly name: string;
  readonly status: string;
  readonly mode: string;
  readonly campaignMode: string;
  readonly printer: string;
  /** At its source; null: it names none. */
  readonly segment: string | null;
}

/** By name, by `organization/name` where the name is not unique, or by id. */
export async function campaignNamed(sql: Sql, given: string): Promise<CampaignRow> {
  refuseBlank('campaign', given);
  const rows = await sql<CampaignRow[]>`
    select
      organization_id as "organizationId", organization, id as "campaignId", name,
      status, mode, campaign_mode as "campaignMode", printer, segment
    from postrider.campaigns
    where name = ${given}
      or organization || '/' || name = ${given}
      or id::text = ${given}
    order by created_at`;
  return namedOne(rows, given, {
    kind: 'campaign',
    say: (row) => `"${row.organization}/${row.name}"`,
    known: async () =>
      namesIn(await sql`select distinct name from postrider.campaigns order by 1 limit 1000`),
    make: 'make one: `postrider campaign apply <file>`',
  });
}

export interface OrganizationRow {
  readonly id: string;
  readonly name: string;
}

/** By name or id; the only one where none is given. */
export async function ensureOrganization(
  sql: Sql,
  given: string | undefined,
): Promise<OrganizationRow> {
  if (given !== undefined) refuseBlank('organization', given);
  const rows = await sql<OrganizationRow[]>`
    select id, name
    from postrider.organizations
    where ${given ?? null}::text is null
      or name = ${given ?? null}
      or id::text = ${given ?? null}
    order by created_at
    limit 20`;
  if (given === undefined && rows.length > 1) {
    const names = rows.map((row) => `"${row.name}"`).join(', ');
    throw new UserError(
      exitCodes.usage,
      `there are ${rows.length === 20 ? '20 or more' : rows.length} organizations: ${names}`,
      'say which one with --organization',
    );
  }
  return namedOne(rows, given ?? '', {
    kind: 'organization',
    say: (row) => row.id,
    known: async () =>
      namesIn(await sql`select name from postrider.organizations order by 1 limit 1000`),
    make: 'a campaign file makes its organization: `postrider campaign apply <file>`',
  });
}

export interface PrinterRow {
  readonly organizationId: string;
  readonly organization: string;
  readonly name: string;
}

export async function printerNamed(
  sql: Sql,
  given: string,
  organization: string | undefined,
): Promise<PrinterRow> {
  refuseBlank('printer', given);
  const rows = await sql<PrinterRow[]>`
    select p.organization_id as "organizationId", o.name as organization, p.name
    from postrider.printers p
    join postrider.organizations o on o.id = p.organization_id
    where p.name = ${given}
      and (
        ${organization ?? null}::text is null
        or o.name = ${organization ?? null}
        or o.id::text = ${organization ?? null}
      )`;
  return namedOne(rows, given, {
    kind: 'printer',
    say: (row) => `--organization "${row.organization}"`,
    known: async () =>
      namesIn(await sql`select distinct name from postrider.printers order by 1 limit 1000`),
    make: 'a campaign file names its printer: `postrider campaign apply <file>`',
  });
}

export interface RecipientRow {
  readonly organizationId: string;
  readonly organization: string;
  readonly recipientId: string;
  readonly campaign: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
}

/**
 * By id, e-mail, external id, reference on the card, mailpiece or the printer's id; somebody may be
 * in several campaigns, and of a customer id there may be one in each organization.
 */
export async function recipientsNamed(
  sql: Sql,
  given: string,
  {
    organizationId,
    ending = '',
  }: {
    readonly organizationId: string | null;
    /** Of the hint, where nobody is found. */
    readonly ending?: string;
  },
): Promise<RecipientRow[]> {
  const rows = await sql<RecipientRow[]>`
    select
      r.organization_id as "organizationId", o.name as organization, r.id as "recipientId",
      r.campaign, r.state, r.reason,
      coalesce(
        nullif(btrim(concat_ws(' ', r.first_name, r.last_name)), ''),
        r.email,
        r.external_id
      ) as name
    from postrider.find_recipients(
      p_who => ${given},
      p_organization_id => ${organizationId}
    ) f
    join postrider.recipients r on r.organization_id = f.organization_id and r.id = f.recipient_id
    join postrider.organizations o on o.id = r.organization_id
    order by r.created_at, r.id`;
  if (rows.length > 0) return [...rows];
  const told = await sql<{ why: string }[]>`
    select *
    from postrider.why(p_who => ${given}, p_organization_id => ${organizationId}) as why`;
  const why = told.map((row) => printable(row.why)).join(' ');
  const isUnseen = why === '' || why.startsWith('Nobody is known by ');
  throw new UserError(
    exitCodes.failed,
    `nobody is known by ${printable(given)}` +
      (isUnseen ? '' : ', but a list had that id in a row that was not used'),
    isUnseen
      ? `${why === '' ? '' : `${why} `}Give an e-mail, a customer id, the reference on the card, ` +
          `or the id of a recipient or mailpiece${ending}`
      : `${why.replace(/\.$/, '')}${ending}`,
  );
}

/**
 * For what changes them: each once, and all of one organization. A caller who says "2" means one of
 * their own customers, not a customer 2 of every organization.
 */
export async function peopleNamed(
  sql: Sql,
  given: readonly string[],
  organization: string | undefined,
  chosen: (found: readonly RecipientRow[], one: string) => readonly RecipientRow[] = (found) =>
    found,
): Promise<RecipientRow[]> {
  const id = await organizationIdOf(sql, organization);
  const found = new Map<string, readonly RecipientRow[]>();
  for (const one of given) {
    refuseBlank('person', one);
    found.set(
      one,
      await recipientsNamed(sql, one, { organizationId: id, ending: '; nothing was changed' }),
    );
  }
  const whose = Map.groupBy(once([...found.values()].flat()), (row) => row.organization);
  if (whose.size < 2) return once([...found].flatMap(([one, rows]) => chosen(rows, one)));
  const lines = [...whose]
    .slice(0, 10)
    .map(([name, theirs]) =>
      printable(`  ${name}: ${theirs.map((row) => `${row.name} in ${row.campaign}`).join(', ')}`),
    );
  throw new UserError(
    exitCodes.usage,
    [
      `${given.join(' ')}: these are people of ${whose.size} organizations`,
      ...lines,
      ...(whose.size > 10 ? ['  …'] : []),
    ].join('\n'),
    `say whose with --organization ${JSON.stringify([...whose.keys()][0])}, ` +
      'or give the id of a recipient; nothing was changed',
  );
}

function once(rows: readonly RecipientRow[]): RecipientRow[] {
  return [...new Map(rows.map((row) => [row.recipientId, row])).values()];
}

/** Null where none is given: all that the role may see. */
export async function organizationIdOf(
  sql: Sql,
  given: string | undefined,
): Promise<string | null> {
  return given === undefined ? null : (await ensureOrganization(sql, given)).id;
}

/** Who it is, unmistakably. */
export function fullRecipientName(one: RecipientRow): string {
  return printable(`${one.name} in ${one.campaign} of ${one.organization}`);
}

function refuseBlank(kind: string, given: string): void {
  if (given.trim() === '')
    throw new UserError(
      exitCodes.usage,
      `the name of the ${kind} is blank`,
      'perhaps a variable that is not set; nothing was changed',
    );
}

export interface Kind<Row> {
  readonly kind: string;
  /** How to say one of several unmistakably. */
  say(row: Row): string;
  known(): Promise<string[]>;
  /** How such a thing comes to be. */
  readonly make: string;
}

function namesIn(rows: readonly Record<string, unknown>[]): string[] {
  return rows.map((row) => String(row['name']));
}

/** Also of what was asked by a question: there it is no less true. */
const KEPT = 'nothing was changed';

export async function namedOne<Row>(
  rows: readonly Row[],
  given: string,
  { kind, say, known, make }: Kind<Row>,
): Promise<Row> {
  const [row] = rows;
  if (row !== undefined && rows.length === 1) return row;
  if (rows.length > 1)
    throw new UserError(
      exitCodes.usage,
      `${rows.length} ${kind}s are named ${given}`,
      `say ${rows.map(say).join(' or ')}; ${KEPT}`,
    );
  const names = await known();
  if (names.length === 0)
    throw new UserError(exitCodes.failed, `there is no ${kind} yet`, `${make}; ${KEPT}`);
  const meant = didYouMean(given, names);
  const few = names.length <= 10 ? `there are: ${names.join(', ')}` : `there are ${names.length}`;
  throw new UserError(
    exitCodes.failed,
    `there is no ${kind} ${printable(given)}`,
    meant === null ? `${few}; ${KEPT}` : `${meant} Nothing was changed`,
  );
}
