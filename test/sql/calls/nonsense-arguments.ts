/**
 * What makes sense for the arguments of the machine's functions; and what is wrong with the answers
 * to what does not.
 */
import type postgres from 'postgres';
import { definition, type Place } from '../../support/machine.ts';
import {
  callable,
  callsOf,
  readyToCall,
  refusals,
  type Callable,
  type Known,
  type Refusal,
} from './calls.ts';
import { furnished, login } from '../privileges/logins.ts';
import type { Rig } from '../rig.ts';

const ODD_FIELDS = [
  null,
  '',
  'nobody',
  -1,
  0.5,
  1e300,
  true,
  {},
  [],
  ['x'],
  '100000 years',
  'infinity',
];

/**
 * By the name of the argument: what is mine before what is theirs. A definition comes also with
 * each of its fields spoiled.
 */
export async function sensible(sql: postgres.Sql, mine: Place, theirs: Place): Promise<Known> {
  const both = [mine.organizationId, theirs.organizationId];
  const ids = async (table: string, column = 'id'): Promise<string[]> =>
    (
      await sql.unsafe<{ id: string }[]>(
        `
          select ${column}::text as id
          from postrider.${table}
          where organization_id = any ($1::uuid[]) and ${column} is not null
          order by organization_id = $2 desc, 1
          limit 6`,
        [both, mine.organizationId],
      )
    ).map((row) => row.id);
  const recipients = await ids('recipient');
  const whole = definition() as unknown as Record<string, unknown>;
  const spoiled = Object.keys(whole).flatMap((key) =>
    ODD_FIELDS.map((value) => ({ ...whole, [key]: value })),
  );
  return {
    organization_id: both,
    campaign_id: [mine.campaignId, theirs.campaignId],
    recipient_id: recipients,
    mailpiece_id: await ids('mailpiece'),
    cohort_id: await ids('cohort'),
    alarm_id: await ids('alarm'),
    batch_id: await ids('enrichment_batch'),
    token: await ids('campaign_lock', 'token'),
    run_id: await ids('sync_run'),
    id: [mine.campaignId, ...recipients.slice(0, 2), 'press', mine.organizationId],
    who: ['p0@example.com', ...recipients.slice(0, 1)],
    printer_name: ['press'],
    kind: [
      'campaign',
      'organization',
      'printer',
      'recipient',
      'email',
      'external_id',
      'household',
      'usage_meter',
      'manual',
    ],
    stage: ['proof', 'mail'],
    status: ['completed', 'archived'],
    mode: ['test', 'live'],
    verdict: ['printed', 'not_printed'],
    reason: ['opted out', 'rejected'],
    country: ['US'],
    email: ['p0@example.com'],
    external_id: ['p1'],
    line1: ['1 p Street'],
    postal_code: ['94607'],
    time_zone: ['America/New_York'],
    definition: [whole, ...spoiled].map((one) => JSON.stringify(one)),
    limit: ['10'],
    window: ['10'],
    size: ['10'],
    lease: ['1 minute'],
    grace: ['1 hour'],
    quiet: ['1 minute'],
  };
}

/**
 * Errors of the server's own that are right, with the reason. Anything else is refused in our
 * words, or goes through.
 */
function rightAllTheSame(one: Callable, { state, message }: Refusal): boolean {
  // The role may not.
  return (
    state === '42501' ||
    // In a list that only a runner writes, and the library with types: an entry that no column
    // takes. Settling goes by the server's class of error to find the one among many, and to ask
    // each of them first would cost every settle.
    (!one.forOperators &&
      one.args.some(({ type }) => type === 'json' || type === 'jsonb') &&
      ['22023', '22P02', '22003', '22007'].includes(state) &&
      /an array of objects|invalid input syntax|out of range/.test(message))
  );
}

const UNTOUCHED = /\bnothing (?:was|is|else was)\b|\b(?:nobody|none) (?:was|is)\b|was not kept/i;

/**
 * What one of our own refusals lacks; null: nothing. One that is given null names it: where the
 * words around an argument close up, nobody can tell what was refused.
 */
function lacking(one: Callable, { call, message, hint }: Refusal): string | null {
  if (hint === '') return 'says nothing of what to do';
  if (one.isVolatile && !UNTOUCHED.test(hint)) return 'does not say that nothing was changed';
  const isBlank = /'\s*'::/.test(call);
  if (!isBlank && / {2}|\(\)|^ | $/.test(message)) return 'has a gap where an argument is null';
  return null;
}

export interface Sweep {
  /** How many calls were made, by role. */
  readonly calls: Readonly<Record<string, number>>;
  /** Functions that were called by no role. */
  readonly uncalled: readonly string[];
  /**
   * What was answered with an error of the server's own, or without what to do: one for each
   * function and code.
   */
  readonly wrong: readonly string[];
}

/**
 * Calls whatever readers, operators, runners and the owner may call. `mixtures`: calls of each
 * function with several odd values at once.
 */
export async function sweep(rig: Rig, mixtures: number): Promise<Sweep> {
  const theirs = await furnished(rig.sql);
  const mine = await furnished(rig.sql);
  const known = await sensible(rig.sql, mine, theirs);
  await readyToCall(rig.admin);
  const [server] =
    await rig.sql`select current_setting('server_version_num')::int >= 170000 as infinite`;
  const all = new Map((await callable(rig.sql)).map((one) => [one.signature, one]));
  const calls: Record<string, number> = {};
  const called = new Set<string>();
  const wrong = new Map<string, string>();
  for (const role of ['reader', 'operator', 'runner', 'owner'] as const) {
    const sql =
      role === 'owner'
        ? rig.sql
        : (await login(rig, `postrider_${role}`, [mine.organizationId])).sql;
    for (const one of await callable(sql)) {
      // The owner may call what only functions of the machine call: it may also drop them. What
      // operators call was called by runners, who see as much.
      if (role === 'owner' && (!called.has(one.signature) || one.forOperators)) continue;
      called.add(one.signature);
      // A role that may apply a campaign is asked once about each of its fields.
      const made = callsOf(
        one,
        role === 'operator'
          ? known
          : { ...known, definition: known['definition']?.slice(0, 1) ?? [] },
        server?.['infinite'] === true,
        mixtures,
      );
      calls[role] = (calls[role] ?? 0) + made.length;
      for (const refusal of await refusals(sql, made)) {
        const isOurs = refusal.state.startsWith('PR');
        const lacks = isOurs ? lacking(one, refusal) : 'is of the server';
        if (lacks === null || rightAllTheSame(one, refusal)) continue;
        const what = `${one.name}: ${refusal.state} ${lacks}:`;
        if (!wrong.has(what))
          wrong.set(
            what,
            `${what} ${refusal.message.slice(0, 200)}; as ${role}: ${refusal.call.slice(0, 500)}`,
          );
      }
    }
  }
  return {
    calls,
    uncalled: [...all.keys()].filter((signature) => !called.has(signature)),
    wrong: [...wrong.values()],
  };
}
