/**
 * What must be true once the storm is over. The twin's ledger says what was made, and our database
 * only what it believes.
 */
import type { LobLedgerLine } from '@postrider/twins/lob';
import { broken } from '../support/machine.ts';
import { standing } from '../sql/rig.ts';
import type { Schedule } from './schedule.ts';
import type { World } from './world.ts';

/** People who are said to have a card. */
const withCard = new Set(['sent', 'received', 'returned']);
/** Where somebody may be in the end. */
const ends = new Set([...withCard, 'skipped', 'error', 'holdout', 'blacklisted']);

/** Alarms that such a schedule explains. */
function explained({ steps }: Schedule): ReadonlySet<string> {
  const told = JSON.stringify(steps);
  const kinds = new Set<string>();
  if (/expired_key|billing_address_required/.test(told)) kinds.add('connection_refused');
  return kinds;
}

/** Of one ledger, by the id of ours that its pieces name. */
function byName(ledger: readonly LobLedgerLine[], name: string): Map<string, LobLedgerLine[]> {
  const found = new Map<string, LobLedgerLine[]>();
  for (const line of ledger) {
    const id = line.metadata[name] ?? 'nobody';
    found.set(id, [...(found.get(id) ?? []), line]);
  }
  return found;
}

interface PieceRow {
  readonly id: string;
  readonly recipientId: string;
  readonly status: string;
  readonly providerId: string | null;
}

/** What does not hold, a line each. */
export async function judge(world: World): Promise<readonly string[]> {
  const { sql, place, twin, schedule } = world;
  const problems: string[] = [];
  const ledger = await twin.ledger();
  const made = byName(ledger, 'mailpiece');
  for (const [mailpiece, lines] of made)
    if (lines.length > 1)
      problems.push(`mailpiece ${mailpiece} was made ${lines.length} times: ${shown(lines)}`);

  const cards = byName(ledger, 'recipient');
  const people = await standing(sql, place);
  const pieces = await sql<PieceRow[]>`
    select id, recipient_id as "recipientId", status, provider_id as "providerId"
    from postrider.mailpiece
    where organization_id = ${place.organizationId}`;
  const known = new Set(people.map(({ id }) => id));
  for (const [recipient, lines] of cards)
    if (!known.has(recipient)) problems.push(`nobody here is ${recipient}: ${shown(lines)}`);
  for (const { id, externalId, state, reason, detail } of people) {
    const who = `${externalId} (${state}, ${reason}, ${detail ?? ''})`;
    const lines = cards.get(id) ?? [];
    const live = lines.filter((line) => line.state === 'live');
    const wanted = withCard.has(state) ? 1 : 0;
    if (!ends.has(state) || (state === 'error' && reason === 'outcome_unknown'))
      problems.push(`${who} is stuck`);
    if (live.length !== wanted)
      problems.push(`${who} has ${live.length} live cards and not ${wanted}: ${shown(lines)}`);
    const own = pieces.filter(({ recipientId }) => recipientId === id);
    const open = own.filter(({ status }) => status === 'submitting' || status === 'unknown');
    if (open.length > 0) problems.push(`${who} has a card without an answer: ${open[0]?.status}`);
    for (const { id: piece, providerId } of own)
      if (providerId !== null && !(made.get(piece) ?? []).some((line) => line.id === providerId))
        problems.push(`${who} is recorded under ${providerId}, which the printer never made`);
  }

  problems.push(...(await broken(sql)));
  const alarms = await sql<{ kind: string; detail: unknown }[]>`
    select kind, detail
    from postrider.alarm
    where organization_id = ${place.organizationId}`;
  const may = explained(schedule);
  for (const { kind, detail } of alarms)
    if (!may.has(kind))
      problems.push(`the schedule does not explain ${kind} ${JSON.stringify(detail)}`);
  const failed = await sql<{ error: string }[]>`
    select error from postrider.provider_event
    where organization_id = ${place.organizationId} and error is not null`;
  for (const { error } of failed) problems.push(`a webhook could not be applied: ${error}`);
  return problems;
}

function shown(lines: readonly LobLedgerLine[]): string {
  return lines
    .map(({ id, state, createdAt, events }) => `${id} ${state} ${createdAt} ${events.join(',')}`)
    .join('; ');
}
