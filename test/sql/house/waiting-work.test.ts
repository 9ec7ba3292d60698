/** What waits, and for what: a hold is named where it is what keeps people, and nowhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { armPrinter, hold, launch, release } from '@postrider/core';
import type postgres from 'postgres';
import { crowd } from '@postrider/bench/crowd';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import { everybodyRead, type Waits } from './waiting-one-by-one.ts';
import { accepted, answered, place, proofed, sending, settle, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

void test('who is held waits for the release, with its reason; cards on their way and people in error do not', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const o = at.organizationId;
  const batch = await sending(sql, at, 3);
  await settle(
    sql,
    at,
    { ...batch, pieces: batch.pieces.slice(0, 2) },
    batch.pieces
      .slice(0, 2)
      .map((piece, i) => (i === 0 ? accepted(piece) : answered(piece, 'rejected'))),
    false,
  );
  await proofed(sql, at, people(1, 'q'));
  await syncPeople(sql, at, people(1, 'z'));
  const waits = async (): Promise<Record<string, string>> => {
    const rows = await sql<{ state: string; why: string }[]>`
      select w.state, w.why
      from postrider.waiting_work() w
      join postrider.organization o on o.name = w.organization
      where o.id = ${o}`;
    return Object.fromEntries(rows.map((row) => [row.state, row.why]));
  };
  const free = await waits();
  assert.deepEqual(Object.keys(free).toSorted(), [
    'error',
    'pending',
    'proofed',
    'sending',
    'sent',
  ]);
  const others = (held: string, ...states: string[]) => ({
    ...free,
    ...Object.fromEntries(states.map((state) => [state, held])),
  });
  await hold(sql, { organizationId: o, kind: 'printer', id: 'press' }, 'out of paper');
  assert.deepEqual(await waits(), others('the printer is held: out of paper', 'proofed'));
  await hold(sql, { organizationId: o, kind: 'campaign', id: at.campaignId }, 'wrong price');
  assert.deepEqual(
    await waits(),
    others('the campaign is held: wrong price', 'pending', 'proofed'),
  );
  await hold(sql, { organizationId: o, kind: 'organization', id: o });
  assert.deepEqual(await waits(), others('the organization is held', 'pending', 'proofed'));
  await release(sql, { organizationId: o, kind: 'organization', id: o });
  assert.deepEqual(
    await waits(),
    others('the campaign is held: wrong price', 'pending', 'proofed'),
  );
});

async function told(sql: postgres.Sql): Promise<Waits[]> {
  return [
    ...(await sql<
      Waits[]
    >`select organization, campaign, state, people::int, why, until from postrider.waiting_work()`),
  ];
}

async function nameOf(sql: postgres.Sql, { organizationId }: Place): Promise<string> {
  return (
    (
      await sql<
        { name: string }[]
      >`select name from postrider.organization where id = ${organizationId}`
    )[0]?.name ?? ''
  );
}

/**
 * Of the test's own organization: of another the time that somebody waits for may pass between two
 * questions.
 */
function of(name: string, rows: readonly Waits[]): Waits[] {
  return rows.filter(({ organization }) => organization === name);
}

/** Puts somebody else's batch beside the one there is. */
async function secondEnricher(
  sql: postgres.Sql,
  { organizationId: o, campaignId: c }: Place,
): Promise<void> {
  const [batch] = await sql<{ id: string }[]>`
    insert into postrider.enrichment_batch (
      organization_id, id, campaign_id, enricher, people, claimed_at, deadline, next_poll_at
    )
    values (${o}, postrider.new_id(), ${c}, 'other', 7, now(), now() + interval '2 days', now())
    returning id`;
  await sql`
    update postrider.recipient_state
    set cohort_id = ${batch?.id ?? null}
    where organization_id = ${o}
      and recipient_id in (
        select recipient_id
        from postrider.recipient_state
        where organization_id = ${o} and state = 'address_enriching'
        limit 7
      )`;
}

void test('a batch that nobody waits in any more says nothing of when the others are answered', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await crowd(sql, at, 500);
  await sql`
    insert into postrider.enrichment_batch (
      organization_id, id, campaign_id, enricher, people, claimed_at, deadline, next_poll_at
    )
    select organization_id, postrider.new_id(), campaign_id, enricher, 3, now(),
      now() + interval '1 minute', now()
    from postrider.enrichment_batch
    where organization_id = ${at.organizationId}`;
  const name = await nameOf(sql, at);
  const enriching = (rows: readonly Waits[]): Waits[] =>
    of(name, rows).filter(({ state }) => state === 'address_enriching');
  assert.equal(enriching(await told(sql)).length, 1);
  assert.deepEqual(enriching(await told(sql)), enriching(await everybodyRead(sql)));
});

void test('of some thousand people it tells what reading everybody tells, whatever holds them', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  const { organizationId: o, campaignId: c } = at;
  await crowd(sql, at, 2000);
  await secondEnricher(sql, at);
  const name = await nameOf(sql, at);
  const steps: Record<string, () => Promise<unknown>> = {
    'not launched': async () => await Promise.resolve(),
    'not armed': async () => {
      await launch(sql, { organizationId: o, campaignId: c }, { mode: 'live' });
      await sql`select postrider.disarm_printer(${o}, 'press')`;
    },
    'nothing holds them': async () => await armPrinter(sql, o, 'press'),
    'few are due': async () =>
      await sql`
        update postrider.recipient_state s
        set available_at = now() + interval '1 day'
        from postrider.recipient r
        where s.organization_id = ${o}
          and r.organization_id = ${o}
          and r.id = s.recipient_id
          and s.state = 'pending'
          and r.source_row % 50 > 4`,
    'the printer is held': async () =>
      await hold(sql, { organizationId: o, kind: 'printer', id: 'press' }, 'out of paper'),
    'the campaign is held': async () =>
      await hold(sql, { organizationId: o, kind: 'campaign', id: c }, 'wrong price'),
    'the organization is held': async () =>
      await hold(sql, { organizationId: o, kind: 'organization', id: o }),
  };
  for (const [what, step] of Object.entries(steps)) {
    await step();
    assert.deepEqual(of(name, await told(sql)), of(name, await everybodyRead(sql)), what);
  }
  await release(sql, { organizationId: o, kind: 'organization', id: o });
});

void test('of many it tells exactly how many are where, and says of what is estimated that it is', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await crowd(sql, at, 12_000);
  await sql`analyze postrider.recipient_state`;
  const name = await nameOf(sql, at);
  const mine = (rows: readonly Waits[]): Map<string, Waits[]> =>
    Map.groupBy(
      of(name, rows).map((row) => ({ ...row, why: row.why.replace(/ among \d+ of them/, '') })),
      ({ state }) => state,
    );
  const sum = (rows: readonly Waits[]): number => rows.reduce((all, row) => all + row.people, 0);
  const [tells, truth] = [mine(await told(sql)), mine(await everybodyRead(sql))];
  assert.deepEqual([...tells.keys()], [...truth.keys()]);
  for (const [state, rows] of truth) {
    const others = tells.get(state) ?? [];
    if (state !== 'pending' && state !== 'proofed') {
      assert.deepEqual(others, rows);
      continue;
    }
    assert.ok(
      Math.abs(sum(others) - sum(rows)) <= others.length,
      `${state}: ${sum(others)} of ${sum(rows)}`,
    );
    // Of those who are not held a third is tried again later, and both are more than are read.
    assert.match(
      others[0]?.why ?? '',
      /^Failed in passing: .* \[HTTP 500; and 6 other causes\] \(about: by a sample of \d+\)$/,
    );
    assert.match(others[1]?.why ?? '', /^held/);
    assert.match(others[2]?.why ?? '', /^its turn.* \(about: by a sample of \d+\)$/);
    const share = (others[0]?.people ?? 0) / sum(rows);
    assert.ok(share > 0.1 && share < 0.7, `${state}: ${share}`);
  }

  // One end is short: who is there is known, and so is how many the others are.
  await sql`
    update postrider.recipient_state s
    set available_at = now() - interval '1 hour'
    from postrider.recipient r
    where s.organization_id = ${at.organizationId}
      and r.organization_id = s.organization_id
      and r.id = s.recipient_id
      and (
        s.state = 'proofed' and r.source_row % 30 <> 0
        or s.state = 'pending' and r.source_row % 60 <> 0
      )`;
  assert.deepEqual(
    mine(await told(sql)).get('proofed'),
    mine(await everybodyRead(sql)).get('proofed'),
  );
  await sql`
    update postrider.recipient_state
    set available_at = now() + interval '1 hour'
    where organization_id = ${at.organizationId}
      and state = 'pending'
      and available_at < now()
      and recipient_id not in (
        select recipient_id
        from postrider.recipient_state
        where organization_id = ${at.organizationId} and state = 'pending' and available_at < now()
        order by recipient_id
        limit 100
      )`;
  const due = (rows: Map<string, Waits[]>): Waits[] | undefined =>
    rows.get('pending')?.filter(({ why }) => why.startsWith('its turn'));
  assert.deepEqual(due(mine(await told(sql))), due(mine(await everybodyRead(sql))));
});
