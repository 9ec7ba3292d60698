/**
 * What must be true in the end, whatever happened on the way. The shop's ledger is asked what was
 * printed, never our own database.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { broken, miscountedMoves } from '../support/machine.ts';
import type { Scenario } from './scenario.ts';

/** Pieces in the shop's ledger by external id. */
export async function printed(scenario: Scenario): Promise<Map<string, number>> {
  const rows = await scenario.machine.sql<
    { id: string; external_id: string }[]
  >`select id, external_id from postrider.recipient`;
  const names = new Map(rows.map((row) => [row.id, row.external_id]));
  const pieces = new Map<string, number>();
  for (const line of await scenario.shop.ledger()) {
    const name =
      names.get(line.reference.recipientId) ?? `a stranger ${line.reference.recipientId}`;
    pieces.set(name, (pieces.get(name) ?? 0) + 1);
  }
  return pieces;
}

export interface VerdictOptions {
  /** External ids of people who must not have a card. */
  readonly without?: readonly string[];
  /** People who have been printed twice: the documented limit. */
  readonly twice?: readonly string[];
  /** Kinds of alarms that are expected. */
  readonly alarms?: readonly string[];
}

/**
 * Fails where somebody has no card, or two, or a history with a hole, or an effect that was never
 * done.
 */
export async function verdict(scenario: Scenario, options: VerdictOptions = {}): Promise<void> {
  const { sql } = scenario.machine;
  const { without = [], twice = [], alarms = [] } = options;
  const pieces = await printed(scenario);
  const people = await sql<{ external_id: string; state: string }[]>`
    select r.external_id, s.state
    from postrider.recipient r
    join postrider.recipient_state s
      on s.organization_id = r.organization_id and s.recipient_id = r.id`;
  assert.equal(people.length, scenario.people, 'everybody of the segment is a recipient, once');
  const wrong = people.filter(
    ({ external_id: id }) =>
      (pieces.get(id) ?? 0) !== (without.includes(id) ? 0 : twice.includes(id) ? 2 : 1),
  );
  assert.deepEqual(
    wrong.slice(0, 5).map((person) => ({ ...person, cards: pieces.get(person.external_id) ?? 0 })),
    [],
    `${wrong.length} people have the wrong number of cards at the shop`,
  );
  assert.equal(pieces.size, scenario.people - without.length, 'nobody else has a card');

  assert.deepEqual(await broken(sql), []);
  assert.deepEqual(await miscountedMoves(sql), []);
  const open = await sql`
    select status, count(*)::int as pieces
    from postrider.mailpiece
    where status in ('submitting', 'unknown')
    group by 1`;
  assert.deepEqual([...open], [], 'no piece is left without an answer');
  const ids = new Set((await scenario.shop.ledger()).map((line) => line.id));
  const recorded = await sql<
    { provider_id: string }[]
  >`select provider_id from postrider.mailpiece where accepted_at is not null`;
  assert.deepEqual(
    recorded.filter((row) => !ids.has(row.provider_id)),
    [],
    'every id on record is in the ledger of the shop',
  );
  const raised = await sql<
    { kind: string }[]
  >`select distinct kind from postrider.alarm order by kind`;
  assert.deepEqual(
    raised.map((row) => row.kind),
    [...alarms],
    'alarms',
  );
  const failed = await sql`select error from postrider.provider_event where error is not null`;
  assert.deepEqual([...failed], [], 'every webhook could be applied');

  const effects = await sql<{ key: string; kind: string; state: string }[]>`
    select mailpiece_id || ':' || case kind when 'event_sink' then status else kind end as key,
      kind, state
    from postrider.effect`;
  for (const [kind, file] of [
    ['usage_meter', 'usage'],
    ['event_sink', 'events'],
  ] as const) {
    const path = join(scenario.folder, file);
    const done = new Set(existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);
    const missing = effects.filter(
      (effect) => effect.kind === kind && (effect.state !== 'done' || !done.has(effect.key)),
    );
    assert.deepEqual(
      missing.slice(0, 3),
      [],
      `${missing.length} effects of kind ${kind} were not done`,
    );
  }
}

/** Everybody who was sent has one effect of each kind that the campaign wants for that. */
export async function effectsOf(scenario: Scenario): Promise<number> {
  const [row] = await scenario.machine.sql<
    { effects: number }[]
  >`select count(*)::int as effects from postrider.effect where status = 'sent'`;
  return row?.effects ?? 0;
}
