/**
 * A million people who all wait for the same thing, of every kind: what they wait for is told
 * without reading them, and how many they are exactly.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, hold } from '@postrider/core';
import { freshMachine, launched } from '../../support/machine.ts';
import { greedy, watched } from '../plans/many-people.ts';

const PEOPLE = 1_000_000;
/** Of a big table, by one part of a plan: the bound of what follows from cards, and a little. */
const MOST = 10_500;

/** What differs from somebody who is pending and whose turn it is; i counts them. */
const kinds: Readonly<Record<string, string>> = {
  'their turn': `'pending', now() - interval '1 hour', 'new', null, null::uuid`,
  'a next try, each for a cause of their own': `
    'pending', now() + i * interval '1 second', 'retry', 'cause ' || i, null::uuid`,
  'a next try, half of them now': `
    'proofed', now() + (i - ${PEOPLE / 2}) * interval '1 second', 'retry', 'cause ' || i % 1000,
    null::uuid`,
  'the end of a cap or a next try': `
    'proofed', now() + interval '1 day', (array['cap_reached', 'retry'])[i % 2 + 1], 'said',
    null::uuid`,
  'a person': `
    'error', now(), (array['rejected', 'render_failed', 'failed_at_printer'])[i % 3 + 1],
    'cause ' || i, null::uuid`,
  'news of the delivery': `
    'sent', now() + (select assumed_after from postrider.campaign) + i * interval '1 second',
    'accepted', null, null::uuid`,
  'the press': `'sent', 'infinity', 'accepted', null, null::uuid`,
  'the enricher': `'address_enriching', now(), 'staged', null, md5((i / 1000)::text)::uuid`,
  "the printer's answer": `
    'sending', now() - interval '1 hour', 'begun', null, md5((i / 50)::text)::uuid`,
};

void test('what a million people wait for is told without reading them, and how many they are exactly, whatever it is', async (context) => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const { organizationId: o, campaignId: c } = await launched(sql, { effects: ['usage_meter'] });
  const admin = connect(machine.database.adminUrl, { max: 1 });
  await using session = await watched(machine.database.adminUrl);
  const look = async (what: string): Promise<void> => {
    await sql`select * from postrider.waiting_work()`;
    let best = Infinity;
    for (let round = 0; round < 7; round += 1) {
      const started = performance.now();
      await sql`select * from postrider.waiting_work()`;
      best = Math.min(best, performance.now() - started);
    }
    context.diagnostic(`${what}: ${best.toFixed(1)} ms`);
    const plans = await session.plansOf(
      async () => await session.sql`select * from postrider.waiting_work()`,
    );
    assert.deepEqual(
      plans.flatMap((plan) => greedy(plan, MOST)),
      [],
      what,
    );
    const others = ['select * from postrider.doctor()'];
    // The view stuck has people in error, or at a printer for long, one by one.
    if (what.startsWith('the enricher')) others.push('select count(*) from postrider.stuck');
    for (const statement of others)
      for (const plan of await session.plansOf(async () => await session.sql.unsafe(statement)))
        assert.deepEqual(
          // The other tables are empty here, and read at once.
          greedy(plan, MOST).filter((problem) => problem.includes('recipient_state')),
          [],
          `${what}: ${statement}`,
        );
    const rows = await sql<
      { people: number }[]
    >`select people::int from postrider.waiting_work() where state not like 'effect %'`;
    const people = rows.reduce((all, row) => all + row.people, 0);
    assert.ok(Math.abs(people - PEOPLE) <= rows.length, `${what}: ${people} people`);
  };
  try {
    await admin`set session_replication_role = replica`;
    for (const [what, differs] of Object.entries(kinds)) {
      await admin`
        truncate postrider.recipient_state, postrider.tally, postrider.tally_total,
          postrider.enrichment_batch`;
      await admin.unsafe(
        `
          insert into postrider.recipient_state (
            organization_id, recipient_id, campaign_id, since, move_no, state, available_at, reason,
            detail, cohort_id
          )
          select $1, md5(i::text)::uuid, $2, now(), 1, ${differs}
          from generate_series(1, ${PEOPLE}) i`,
        [o, c],
      );
      await admin`
        insert into postrider.tally (organization_id, campaign_id, to_state, people)
        select organization_id, campaign_id, state, count(*)
        from postrider.recipient_state
        group by 1, 2, 3`;
      await admin`
        insert into postrider.enrichment_batch (
          organization_id, id, campaign_id, people, claimed_at, deadline, next_poll_at, enricher
        )
        select organization_id, cohort_id, campaign_id, count(*), now(), now() + interval '1 day',
          now(), 'lookup'
        from postrider.recipient_state
        where state = 'address_enriching'
        group by 1, 2, 3`;
      await look(what);
      await admin`vacuum analyze postrider.recipient_state`;
      await look(`${what}, with statistics`);
    }
    await hold(sql, { organizationId: o, kind: 'organization', id: o });
    await admin`
      insert into postrider.effect (
        organization_id, mailpiece_id, kind, campaign_id, recipient_id, state, attempt,
        available_at, occurred_at, error
      )
      select ${o}::uuid, md5(i::text)::uuid, 'usage_meter', ${c}::uuid, md5(i::text)::uuid,
        'waiting', 1, now() + interval '1 hour', now(), 'HTTP 503'
      from generate_series(1, ${PEOPLE}) i`;
    await look('what follows from a million cards');
  } finally {
    await admin.end({ timeout: 5 });
  }
});
