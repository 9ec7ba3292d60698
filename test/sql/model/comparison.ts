/**
 * What must hold of the world: after each step everybody is where the model says; when the storm is
 * over nobody is stuck, and nobody has two cards.
 */
import assert from 'node:assert/strict';
import { ASKED_FOR, openPiece, TERMINAL } from './people.ts';
import { turnClock } from '../rig.ts';
import type { World } from './database-beside-model.ts';

/** Everybody is where the model says, with the pieces that the model says. */
export async function compare(world: World, after: string): Promise<void> {
  const rows = await world.sql<
    {
      name: string;
      state: string;
      losses: number;
      held: boolean;
      cancel: boolean;
      cohort: string | null;
    }[]
  >`
    select r.external_id as name, s.state, s.losses, s.held_at is not null as held,
      s.cancel_requested_at is not null as cancel, s.cohort_id as cohort
    from postrider.recipient_state s
    join postrider.recipient r on r.organization_id = s.organization_id and r.id = s.recipient_id
    where s.organization_id = ${world.at.organizationId}
    order by 1`;
  for (const { name, cohort } of rows) {
    const person = world.model.people.get(name);
    if (person?.cohort !== ASKED_FOR) continue;
    assert.ok(
      cohort !== null && world.model.cohorts.every(({ id }) => id !== cohort),
      `${name} is asked for in a cohort that a worker sends`,
    );
    person.cohort = cohort;
  }
  const wanted = world
    .people()
    .map(({ name, state, losses, held, cancel, cohort }) => ({
      name,
      state,
      losses,
      held,
      cancel,
      cohort,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    wanted,
    after,
  );
  const pieces = await world.sql<
    { id: string; status: string; providerId: string | null }[]
  >`select id, status, provider_id as "providerId"
    from postrider.mailpiece where organization_id = ${world.at.organizationId} order by id`;
  const known = world
    .people()
    .flatMap((p) => p.pieces)
    .map(({ id, status, providerId }) => ({ id, status, providerId }));
  assert.deepEqual(
    pieces.map((row) => ({ ...row })),
    known.sort((a, b) => (a.id < b.id ? -1 : 1)),
    after,
  );
}

/**
 * The storm is over: runners work, the printer answers, operators do their part. A person who is
 * not home after this is stuck.
 */
export async function settleDown(world: World): Promise<void> {
  const { sql, model } = world;
  if (model.campaignHeld) await world.step({ what: 'release', a: 0, b: 0, c: 0 });
  for (const person of world.people()) {
    if (!person.held) continue;
    await sql`select postrider.release(${world.at.organizationId}, 'recipient', ${person.id})`;
    person.held = false;
  }
  for (
    let round = 0;
    round < 60 && world.people().some((p) => !TERMINAL.has(p.state) && p.state !== 'sent');
    round += 1
  ) {
    await turnClock(sql, 3_600_000);
    await world.loseJobs();
    await world.reap();
    await world.reconcile(0xffff, 1);
    for (const kind of ['proof', 'mail'] as const) {
      await world.stage(kind, 50);
      for (const cohort of model.cohorts.filter((k) => !k.begun && !k.closed && !k.deleted)) {
        await world.begin(cohort);
        world.post(cohort, 0xffff, 0);
        await world.settle(cohort, 0xffff, true);
      }
    }
    await world.callBack(1);
    for (const person of world.people()) {
      const piece = openPiece(person);
      if (person.reason === 'outcome_unknown' && person.state === 'error' && piece !== undefined)
        await world.resolve(person, piece.id);
    }
    await compare(world, 'settling down');
  }
  assert.deepEqual(
    world
      .people()
      .filter((p) => !TERMINAL.has(p.state) && p.state !== 'sent')
      .map((p) => `${p.name}: ${p.state}`),
    [],
    'nobody is stuck',
  );
  // A cohort whose people were all called away is closed when its lease is over, or its job is.
  await world.loseJobs();
  await turnClock(sql, 3_600_000);
  await world.reap();
  const open = await sql`
    select id
    from postrider.cohort
    where organization_id = ${world.at.organizationId} and closed_at is null`;
  assert.deepEqual([...open], [], 'no cohort is left open');
}

/** Not more than one card of anybody is on its way, and everybody who is sent has one. */
export function judgeCards(world: World): void {
  for (const person of world.people()) {
    const made = person.pieces.filter((piece) => world.model.ledger.get(piece.key)?.void === false);
    assert.ok(made.length <= 1, `${person.name} has ${made.length} cards`);
    if (['sent', 'received', 'returned'].includes(person.state))
      assert.equal(made.length, 1, `${person.name} is ${person.state} without a card`);
  }
}
