/**
 * Every function of the catalog is called, and acting() is looked at before and after: who claims
 * an actor gives back what was claimed before, also when the call is refused.
 */
import { callable, callsOf, KEPT, readyToCall, refusals, type Known } from './calls.ts';
import { arrangedCalls } from './arranged-calls.ts';
import { sensible } from './nonsense-arguments.ts';
import { furnished } from '../privileges/logins.ts';
import type { Rig } from '../rig.ts';

export interface Claims {
  /** Calls after which another actor was claimed than before. */
  readonly kept: readonly string[];
  /** Functions of which no call went through, so that nothing was seen of how they end. */
  readonly refused: readonly string[];
}

/**
 * What a call finds claimed: nothing, and an actor that no function claims. A claim that is kept is
 * seen beside one of them at least.
 */
const CLAIMS = [null, 'nobody'];

/** Calls what the owner may call, which is all there is. */
export async function sweepClaims(rig: Rig): Promise<Claims> {
  const mine = await furnished(rig.sql);
  const known: Known = {
    ...(await sensible(rig.sql, mine, mine)),
    now: ['now'],
    received_at: ['now'],
  };
  const arranged = await arrangedCalls(rig.sql);
  await readyToCall(rig.admin);
  const claiming = new Set(
    (
      await rig.sql<{ name: string }[]>`
        select proname as name
        from pg_proc
        where pronamespace = 'postrider'::regnamespace and prosrc ~ 'act_as\\('`
    ).map(({ name }) => name),
  );
  const kept = new Map<string, string>();
  const refused: string[] = [];
  for (const one of await callable(rig.sql)) {
    // What claims for others.
    if (one.name === 'act_as') continue;
    const made = [
      ...callsOf(one, { ...known, definition: known['definition']?.slice(0, 1) ?? [] }, false, 0)
        // What is for functions only checks no bounds, and would work as long as it is told.
        .filter((call) => !/\b(214748364[78]|922337203685477580[78]|32767)\b|infinity/.test(call)),
      ...(arranged[one.name] ?? []).map((args) => `select * from postrider.${one.name}(${args})`),
    ];
    let through = 0;
    for (const claim of CLAIMS) {
      const answers = await refusals(rig.sql, made, claim);
      const [first] = answers.filter(({ state }) => state === KEPT);
      if (first !== undefined) kept.set(one.signature, `${first.message}: ${first.call}`);
      if (answers.filter(({ state }) => state !== KEPT).length < made.length) through += 1;
    }
    // What moves people as whom its caller claims, cannot as nobody.
    if (through < (claiming.has(one.name) ? CLAIMS.length : 1)) refused.push(one.name);
  }
  return { kept: [...kept.values()], refused };
}
