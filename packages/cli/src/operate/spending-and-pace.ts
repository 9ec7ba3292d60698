/**
 * What campaigns have spent and what is left, and when they will be done: as the database tells it.
 */
import type { Sql } from '@postrider/runner/database';
import { count, printable } from '@postrider/runner/process';
import { money } from '../output/money.ts';
import { relative } from '../output/text.ts';
import type { Fields } from '../output/table.ts';

export interface Spending {
  /** Null: nothing counts them. */
  readonly opened: number | null;
  readonly made: number;
  readonly not_made: number;
  readonly reserved: number | null;
  readonly currency: string | null;
  readonly budget_minor: number | null;
  readonly spent_minor: number | null;
  readonly reserved_minor: number | null;
  readonly left_minor: number | null;
  readonly total_left: number | null;
  readonly day_used: number | null;
  readonly day_left: number | null;
  readonly cards_left_today: number | null;
}

export interface Pace {
  readonly last_hour: number;
  readonly last_day: number;
  readonly cards_per_hour: number | null;
  readonly waiting: number;
  readonly held: number;
  readonly without_address: number;
  readonly beyond_caps: number;
  readonly done_at: Date | null;
  readonly standing_still: string | null;
}

export interface Outlook {
  readonly campaign_id: string;
  readonly campaign: string;
  readonly status: string;
  readonly spending: Spending;
  /** Null of a campaign that has ended. */
  readonly pace: Pace | null;
}

/** Of one campaign, or of all that the role may see. */
export async function outlookOf(
  sql: Sql,
  organizationId: string | null = null,
  campaignId: string | null = null,
): Promise<Outlook[]> {
  const spendings = await sql<(Spending & Omit<Outlook, 'spending' | 'pace'>)[]>`
    select campaign_id, campaign, status, opened, made::float8, not_made::float8,
      reserved::float8, currency, budget_minor::float8, spent_minor::float8,
      reserved_minor::float8, left_minor::float8, total_left, day_used,
      day_left, cards_left_today::float8
    from postrider.spending
    where ${campaignId}::uuid is null
      or organization_id = ${organizationId} and campaign_id = ${campaignId}
    order by organization, campaign`;
  const paces = await sql<(Pace & { readonly campaign_id: string })[]>`
    select campaign_id, last_hour::float8, last_day::float8, cards_per_hour::float8,
      waiting::float8, held::float8, without_address::float8, beyond_caps::float8, done_at,
      standing_still
    from postrider.pace
    where ${campaignId}::uuid is null
      or organization_id = ${organizationId} and campaign_id = ${campaignId}`;
  const byId = new Map(paces.map(({ campaign_id: id, ...pace }) => [id, pace]));
  return spendings.map(({ campaign_id, campaign, status, ...spending }) => ({
    campaign_id,
    campaign,
    status,
    spending,
    pace: byId.get(campaign_id) ?? null,
  }));
}

export function outlookFields({ spending, pace }: Outlook): Fields {
  return [
    ...(spending.opened === null ? [] : [['cards', cardsOf(spending)] as const]),
    ...fieldOf('spent', spentOf(spending)),
    ...fieldOf('done', doneOf(pace)),
  ];
}

/** In a line, for a campaign that mails; null where there is nothing to say. */
export function outlookLine({ campaign, status, spending, pace }: Outlook): string | null {
  if (status !== 'active' || pace === null || pace.waiting === 0) return null;
  const parts = [doneOf(pace), spentOf(spending)].filter((part) => part !== null);
  return printable(`${campaign}: ${parts.join('; ')}`);
}

function fieldOf(title: string, text: string | null): Fields {
  return text === null ? [] : [[title, text]];
}

function cardsOf({ made, reserved, not_made: notMade, cards_left_today: left }: Spending): string {
  return (
    `${made} made, ${reserved ?? 0} reserved, ${notMade} not made` +
    (left === null ? '' : `; ${left} may be opened now`)
  );
}

function spentOf({ currency, ...minor }: Spending): string | null {
  if (currency === null || minor.spent_minor === null || minor.left_minor === null) return null;
  const of = (amount: number | null): string => money(amount ?? 0, currency);
  return (
    `${of(minor.spent_minor)} spent, ${of(minor.reserved_minor)} reserved, ` +
    `${of(minor.left_minor)} left`
  );
}

function doneOf(pace: Pace | null): string | null {
  if (pace === null) return null;
  if (pace.done_at === null)
    return pace.waiting === 0 ? pace.standing_still : `stands still: ${pace.standing_still}`;
  return (
    `done ${relative(pace.done_at)} at ${count(Math.round(pace.cards_per_hour ?? 0), 'card')} ` +
    `an hour, ${count(pace.waiting, 'person waits', 'people wait')}`
  );
}
