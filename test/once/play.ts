/** Does the steps of a schedule in its world, and then lets the storm pass. */
import { cancel, hold, isMachineError, release, resolve, retry } from '@postrider/core';
import { stageCohorts } from '../../packages/core/src/runtime/cohorts.ts';
import { workMail } from '../../packages/core/src/stages/mail/mail.ts';
import { callBackCards } from '../../packages/core/src/stages/mail/call-back.ts';
import { reconcile as lookUp } from '../../packages/core/src/stages/mail/reconcile.ts';
import { workProof } from '../../packages/core/src/stages/proof/proof.ts';
import { applyInbox } from '../../packages/core/src/stages/track/inbox.ts';
import { pollPrinters } from '../../packages/core/src/stages/track/poll.ts';
import { standing, type Standing } from '../sql/rig.ts';
import type { PlayedRunner } from './runner.ts';
import type { Crash, Holdable, Step } from './schedule.ts';
import { LOB_KEY, PRINTER, type World } from './world.ts';

type Queue = 'proof' | 'mail';

/** A runner that can work; where it stood still it was killed, and another takes its place. */
async function alive(world: World, index: number): Promise<PlayedRunner> {
  if (world.runners[index]?.still !== null) await world.replace(index);
  return world.runners[index] as PlayedRunner;
}

/** The next waiting job, which is active from now on; as pg-boss gives it to one worker. */
async function fetchJob({ sql, place }: World, queue: Queue): Promise<string | null> {
  const [job] = await sql<{ id: string }[]>`
    update postrider_queue.job j
    set state = 'active', started_on = clock_timestamp()
    where j.name = ${queue}
      and j.id = (
        select id from postrider_queue.job
        where name = ${queue}
          and state in ('created', 'retry')
          and data ->> 'organization_id' = ${place.organizationId}
        order by created_on, id
        limit 1
        for update skip locked)
    returning id`;
  return job?.id ?? null;
}

async function workJobs(
  world: World,
  { context }: PlayedRunner,
  queue: Queue,
  most: number,
): Promise<void> {
  const { organizationId } = world.place;
  await stageCohorts(context, queue);
  const work = queue === 'proof' ? workProof : workMail;
  for (let done = 0; done < most; done += 1) {
    const id = await fetchJob(world, queue);
    if (id === null) return;
    await work(context, organizationId, id);
    await world.sql`
      update postrider_queue.job set state = 'completed', completed_on = clock_timestamp()
      where name = ${queue} and id = ${id}`;
  }
}

async function everybody({ sql, place }: World): Promise<readonly Standing[]> {
  return await standing(sql, place);
}

async function chosen(world: World, who: number): Promise<Standing | undefined> {
  const all = await everybody(world);
  return all[who % all.length];
}

/** What the machine may refuse: it is not held, cannot be cancelled any more, … */
async function perhaps(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isMachineError(error)) throw error;
  });
}

async function target(world: World, kind: Holdable, who: number) {
  const { organizationId, campaignId } = world.place;
  const ids = {
    campaign: campaignId,
    printer: PRINTER,
    connection: world.connectionId,
    recipient: (await chosen(world, who))?.id ?? '',
  };
  return { organizationId, kind, id: ids[kind] };
}

async function reconcile(world: World, index: number, crash: Crash | null): Promise<void> {
  const runner = await alive(world, index);
  const { organizationId } = world.place;
  await runner.work(crash, async () => {
    await lookUp(runner.context, organizationId);
    await callBackCards(runner.context, organizationId);
  });
}

export async function play(world: World, step: Step): Promise<void> {
  const { sql, twin, place } = world;
  switch (step.do) {
    case 'proof':
      return await workJobs(world, await alive(world, step.runner), 'proof', 10);
    case 'mail': {
      if (step.faults.length > 0) await twin.fault(...step.faults);
      const { crash } = step;
      await Promise.all(
        step.runners.map(async (index) => {
          const runner = await alive(world, index);
          const own = crash?.runner === index ? crash : null;
          await runner.work(own, async () => await workJobs(world, runner, 'mail', step.cohorts));
        }),
      );
      return await twin.clearFaults();
    }
    case 'job again': {
      const cohorts = await sql<{ id: string }[]>`
        select id from postrider.cohort
        where organization_id = ${place.organizationId} and stage = 'mail'
        order by made_at, id`;
      const again = cohorts[step.which % Math.max(1, cohorts.length)];
      const { context } = await alive(world, step.runner);
      if (again !== undefined) await workMail(context, place.organizationId, again.id);
      return;
    }
    case 'lose job':
      await sql`
        delete from postrider_queue.job
        where (name, id) in (
          select name, id from postrider_queue.job
          where data ->> 'organization_id' = ${place.organizationId}
            and state in ('created', 'active')
          order by created_on, id
          offset ${step.which}
          limit 1)`;
      return;
    case 'reconcile':
      if (step.faults.length > 0) await twin.fault(...step.faults);
      await reconcile(world, step.runner, step.crash);
      return await twin.clearFaults();
    case 'wake':
      return await world.runners[step.runner]?.wake();
    case 'time':
      await world.turn(step.seconds);
      for (const runner of world.runners) if (runner.still === null) await runner.tick();
      return;
    case 'hold':
      return await perhaps(hold(sql, await target(world, step.kind, step.who)));
    case 'release':
      return await perhaps(release(sql, await target(world, step.kind, step.who)));
    case 'cancel':
    case 'retry': {
      const person = await chosen(world, step.who);
      if (person === undefined) return;
      return await perhaps(step.do === 'cancel' ? cancel(sql, person.id) : retry(sql, person.id));
    }
    case 'cancel at Lob': {
      const pieces = (await twin.ledger()).filter(({ state }) => state === 'live');
      const piece = pieces[step.which % Math.max(1, pieces.length)];
      if (piece === undefined) return;
      const authorization = `Basic ${Buffer.from(`${LOB_KEY}:`).toString('base64')}`;
      const asked = { method: 'DELETE', headers: { authorization } };
      await (await fetch(`${world.url}/v1/postcards/${piece.id}`, asked)).text();
      return;
    }
    case 'inbox':
      return void (await applyInbox((await alive(world, step.runner)).context));
    case 'poll':
      return await pollPrinters((await alive(world, step.runner)).context);
    case 'account':
      return await twin.account(step.state);
    case 'webhook faults':
      return step.faults.length > 0 ? await twin.fault(...step.faults) : undefined;
    case 'grow':
      return await world.grow(step.people);
  }
}

const waits = new Set(['pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged']);

/** Nobody is on their way to the printer, or to be called back. */
async function isQuiet(world: World): Promise<boolean> {
  const people = await everybody(world);
  return people.every(
    ({ state, cancelRequestedAt }) =>
      !waits.has(state) && state !== 'sending' && (state !== 'sent' || cancelRequestedAt === null),
  );
}

async function releaseAll(world: World): Promise<void> {
  const kinds = ['campaign', 'printer', 'connection'] as const;
  for (const kind of kinds) await perhaps(release(world.sql, await target(world, kind, 0)));
  const { organizationId } = world.place;
  for (const { id, heldAt } of await everybody(world))
    if (heldAt !== null)
      await perhaps(release(world.sql, { organizationId, kind: 'recipient', id }));
}

async function round(world: World): Promise<void> {
  for (let index = 0; index < world.runners.length; index += 1) {
    const { context, tick } = await alive(world, index);
    await tick();
    await workJobs(world, { context } as PlayedRunner, 'proof', 20);
    await workJobs(world, { context } as PlayedRunner, 'mail', 20);
    await lookUp(context, world.place.organizationId);
    await callBackCards(context, world.place.organizationId);
    await applyInbox(context);
    await pollPrinters(context);
  }
}

/** An operator asks the printer about what nobody could find out, and says what it was. */
async function resolveByTruth(world: World): Promise<number> {
  const { sql, place } = world;
  const open = await sql<{ id: string; key: string }[]>`
    select m.id, m.idempotency_key as key
    from postrider.mailpiece m
    join postrider.recipient_state s
      on s.organization_id = m.organization_id and s.recipient_id = m.recipient_id
    where m.organization_id = ${place.organizationId}
      and m.status = 'unknown'
      and s.state = 'error' and s.reason = 'outcome_unknown'`;
  const ledger = await world.twin.ledger();
  for (const { id } of open) {
    const made = ledger.find(
      ({ metadata, state }) => metadata['mailpiece'] === id && state === 'live',
    );
    if (made === undefined) await resolve(sql, id, 'not_printed', 'the ledger of the twin');
    else await resolve(sql, id, 'printed', made.id);
  }
  return open.length;
}

const HOUR = 3600;
const MOST_ROUNDS = 60;

/** What the printer has to tell is heard: by the webhooks that came, and for the rest by a poll. */
async function listen(world: World): Promise<void> {
  const { context } = await alive(world, 0);
  await world.twin.webhook(null);
  await world.turn(HOUR);
  await applyInbox(context);
  await pollPrinters(context);
}

/** All is mended and released, and time goes on, until nothing is open. */
export async function letPass(world: World): Promise<void> {
  await world.twin.clearFaults();
  await world.twin.account('ok');
  world.takeAll();
  await releaseAll(world);
  let rounds = 0;
  do {
    for (; rounds === 0 || !(await isQuiet(world)); rounds += 1) {
      if (rounds === MOST_ROUNDS) return;
      await round(world);
      await world.turn(HOUR);
    }
  } while ((await resolveByTruth(world)) > 0);
  for (let weeks = 0; world.schedule.arrives && weeks < 3; weeks += 1) {
    await world.turn(7 * 24 * HOUR);
    const { context } = await alive(world, 0);
    await applyInbox(context);
    await pollPrinters(context);
  }
  await listen(world);
}
