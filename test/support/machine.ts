/**
 * A database with the machine in it, and short ways to fill it. Every test gets its own, cloned
 * from a template that was migrated once.
 */
import {
  applyCampaign,
  armPrinter,
  connect,
  defineCampaign,
  launch,
  migrate,
  ensureOrganization,
  type CampaignDefinition,
} from '@postrider/core';
import type { Member } from '@postrider/core/ports';
import type postgres from 'postgres';
import { dropSearched } from './secrets.ts';
import { databasesOn, startServer, testServer, type TestDatabase } from './server.ts';

// A machine with a safeguard taken out (test/mutants) is a template of its own.
const TEMPLATE = ['migrated', process.env['POSTRIDER_MUTANT'] ?? []].flat().join('_');

async function prepare(url: string): Promise<void> {
  const sql = connect(url, { max: 2 });
  try {
    await migrate(sql);
    await sql`update postrider.clock set is_test = true`;
    // As after the first start of a runner: else the first begin notes it, and all others wait.
    await sql`select postrider.check_watermark()`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

export interface Machine extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly url: string;
  /** As the owner, who is no superuser. */
  readonly sql: postgres.Sql;
  /** One more client, for a second session. */
  connect(max?: number): postgres.Sql;
}

let oldest: Promise<{ readonly adminUrl: string }> | undefined;

/**
 * The server of the machine's tests, by its superuser's URL: the run's, or with
 * POSTRIDER_TEST_PG=15 one of the oldest version that is supported.
 */
export async function machineServer(): Promise<string> {
  return process.env['POSTRIDER_TEST_PG'] === '15'
    ? (await (oldest ??= startServer({ major: 15 }))).adminUrl
    : await testServer();
}

/** Whether the run's server has the template, as far as this process knows. */
let prepared: Promise<void> | undefined;

/** @param adminUrl a server of the test's own; default: the run's server. */
export async function freshMachine(adminUrl?: string): Promise<Machine> {
  const url = adminUrl ?? (await machineServer());
  const server = databasesOn(url);
  // A server of a test's own may have the URL of one that is gone.
  if (adminUrl === undefined) await (prepared ??= server.template(TEMPLATE, prepare));
  else await server.template(TEMPLATE, prepare);
  const database = await server.clone(TEMPLATE);
  const clients: postgres.Sql[] = [];
  const open = (max = 8): postgres.Sql => {
    const length = clients.push(connect(database.url, { max, name: 'test' }));
    return clients[length - 1] as postgres.Sql;
  };
  const sql = open();
  return {
    database,
    url: database.url,
    sql,
    connect: open,
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.slice(1).map(async (other) => await other.end({ timeout: 2 })));
      await dropSearched(database, sql);
    },
  };
}

export function definition(over: Partial<CampaignDefinition> = {}): CampaignDefinition {
  return defineCampaign({
    name: 'spring',
    provider_segment_id: 'customers',
    integrations: {
      printer: { kind: 'noop' },
      renderer: { kind: 'noop' },
      image_host: { kind: 'noop' },
    },
    base_directory: '/',
    template: 'card',
    format: '4x6',
    printer_name: 'press',
    holdout_salt: 'salt',
    ...over,
  });
}

export interface Place {
  readonly organizationId: string;
  readonly campaignId: string;
}

/** An organization with a launched campaign, live on an armed printer unless told otherwise. */
export async function launched(
  sql: postgres.Sql,
  over: Partial<CampaignDefinition> = {},
  organization = 'Bakery',
  mode: 'test' | 'live' | null = 'live',
): Promise<Place> {
  const organizationId = await ensureOrganization(sql, organization);
  const { campaignId } = await applyCampaign(sql, organizationId, definition(over));
  await armPrinter(sql, organizationId, over.printer_name ?? 'press');
  if (mode !== null) await launch(sql, { organizationId, campaignId }, { mode });
  return { organizationId, campaignId };
}

export interface Person extends Pick<Member, 'doNotMail' | 'doNotMailBecause'> {
  readonly externalId: string;
  readonly email?: string | null;
  readonly otherEmails?: readonly string[];
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly line1?: string | null;
  readonly line2?: string | null;
  readonly city?: string | null;
  readonly region?: string | null;
  readonly postalCode?: string | null;
  readonly country?: string | null;
  readonly merge?: Record<string, string>;
  readonly row?: number;
  readonly notes?: readonly { column: string | null; reason: string; message: string }[];
}

/** `n` people in households of their own. */
export function people(n: number, prefix = 'p'): Person[] {
  return Array.from({ length: n }, (_, i) => ({
    row: i + 2,
    externalId: `${prefix}${i}`,
    email: `${prefix}${i}@example.com`,
    firstName: 'Ada',
    lastName: `Byron ${prefix}${i}`,
    line1: `${i + 1} ${prefix} Street`,
    line2: null,
    city: 'Oakland',
    region: 'CA',
    postalCode: '94607',
    country: 'US',
    merge: {},
  }));
}

/** Runs one sync with these members, all in one page; returns the run's report. */
export async function syncPeople(
  sql: postgres.Sql,
  place: Place,
  members: readonly Person[],
  complete = true,
): Promise<postgres.Row> {
  const [open] = await sql`
    select run_id, token
    from postrider.open_sync(${place.organizationId}, ${place.campaignId}, 'manual', 'test')`;
  const run = open?.['run_id'] as string;
  const token = open?.['token'] as string;
  await sql`
    select postrider.apply_sync_page(
      ${place.organizationId}, ${place.campaignId}, ${token}, ${run},
      ${JSON.stringify(members)}::text::jsonb, '[]'
    )`;
  const [report] = await sql`
    select *
    from postrider.close_sync(
      ${place.organizationId}, ${place.campaignId}, ${token}, ${run}, ${complete}, null
    )`;
  if (report === undefined) throw new Error('no report');
  return report;
}

/** People by state. */
export async function states(sql: postgres.Sql): Promise<Record<string, number>> {
  const rows = await sql<
    { state: string; people: number }[]
  >`select state, count(*)::int as people from postrider.recipient_state group by 1`;
  return Object.fromEntries(rows.map((row) => [row.state, row.people]));
}

/**
 * What must hold at any moment, whatever happened: nobody without a whole history, counts that add
 * up. Returns what does not hold.
 */
export async function broken(sql: postgres.Sql): Promise<string[]> {
  const problems: string[] = [];
  const check = async (
    what: string,
    query: postgres.PendingQuery<postgres.Row[]>,
  ): Promise<void> => {
    const rows = await query;
    if (rows.length > 0) problems.push(`${what}: ${JSON.stringify(rows.slice(0, 3))}`);
  };
  await check(
    'a history is not whole',
    sql`
      select s.recipient_id, s.move_no, count(e.*) as events, max(e.move_no) as last
      from postrider.recipient_state s
      left join postrider.recipient_event e
        on e.organization_id = s.organization_id and e.recipient_id = s.recipient_id
      group by s.organization_id, s.recipient_id, s.move_no
      having count(e.*) <> s.move_no or max(e.move_no) <> s.move_no`,
  );
  await check(
    'the last event does not tell the state',
    sql`
      select s.recipient_id, s.state, e.to_state
      from postrider.recipient_state s
      join postrider.recipient_event e
        on e.organization_id = s.organization_id
          and e.recipient_id = s.recipient_id
          and e.move_no = s.move_no
      where e.to_state <> s.state`,
  );
  await check(
    'two events do not join',
    sql`
      select a.recipient_id, a.move_no
      from postrider.recipient_event a
      join postrider.recipient_event b
        on b.organization_id = a.organization_id
          and b.recipient_id = a.recipient_id
          and b.move_no = a.move_no + 1
      where b.from_state <> a.to_state`,
  );
  await check(
    'somebody has two open pieces',
    sql`
      select recipient_id, mode, count(*)
      from postrider.mailpiece
      where status not in ('rejected', 'cancelled', 'failed', 'voided')
      group by 1, 2
      having count(*) > 1`,
  );
  await check(
    'somebody was sent without an accepted piece',
    sql`
      select recipient_id, state
      from postrider.recipient_state s
      where state in ('sent', 'received', 'returned')
        and not exists (
          select from postrider.mailpiece m
          where m.organization_id = s.organization_id
            and m.recipient_id = s.recipient_id
            and m.accepted_at is not null
        )`,
  );
  await check(
    'the funnel does not add up',
    sql`
      select f.campaign_id, f.recipients, n.people
      from postrider.funnel f
      left join (
        select campaign_id, count(*) as people from postrider.recipient_state group by 1
      ) n using (campaign_id)
      where f.recipients <> coalesce(n.people, 0)`,
  );
  await check(
    'the tally of a state is wrong',
    sql`
      select *
      from (
        select campaign_id, state, sum(people) as counted from postrider.tallied() group by 1, 2
      ) t
      full join (
        select campaign_id, state, count(*) as real from postrider.recipient_state group by 1, 2
      ) r using (campaign_id, state)
      where coalesce(counted, 0) <> coalesce(real, 0)`,
  );
  return problems;
}

/**
 * Kinds of moves that are not counted as the history has them; none where nobody was put anywhere
 * past the trigger.
 */
export async function miscountedMoves(sql: postgres.Sql): Promise<readonly object[]> {
  const rows = await sql`
    select *
    from (
      select campaign_id, from_state, to_state, people as counted from postrider.move_counts
    ) t
    full join (
      select campaign_id, coalesce(from_state, 'new') as from_state, to_state, count(*) as real
      from postrider.recipient_event
      group by 1, 2, 3
    ) r using (campaign_id, from_state, to_state)
    where coalesce(counted, 0) <> coalesce(real, 0)`;
  return rows.map((row) => ({ ...row }));
}
