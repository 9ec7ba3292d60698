/**
 * Everything that happens every few seconds or that people ask, once, on one campaign. For looking
 * at plans and times at any size of the tables.
 */
import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import {
  beginMail,
  settleMail,
  type MailSettlement,
} from '../../../packages/core/src/machine/mail.ts';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { claimCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import {
  claimUnknownMailpieces,
  settleReconciled,
} from '../../../packages/core/src/machine/reconcile.ts';
import { claimEffects } from '../../../packages/core/src/machine/effects.ts';
import { applySyncPage, openSync } from '../../../packages/core/src/machine/sync.ts';
import type { Member } from '../../../packages/core/src/ports/index.ts';
import { people, type Place } from '../../support/machine.ts';
import { LEASE_MS, QUIET_MS, RUNNER, event, rendered, tell } from '../rig.ts';
import { amending } from './amend-statements.ts';
import { recording } from './call-statements.ts';
import { polling } from './poll-statements.ts';

export type Step = readonly [what: string, run: () => Promise<unknown>];

async function value<T>(rows: PromiseLike<readonly { value: T }[]>): Promise<T | undefined> {
  return (await rows)[0]?.value;
}

/**
 * The steps in order; each needs those before it. Nothing is left travelling, and `round` makes the
 * people of each call new ones.
 */
export function everyday(sql: postgres.Sql, at: Place, round: string): readonly Step[] {
  const { organizationId: o, campaignId: c } = at;
  const open = async (stage: string): Promise<string> =>
    (await value(sql<{ value: string }[]>`
      select id as value
      from postrider.cohort
      where organization_id = ${o} and stage = ${stage} and begun_at is null and closed_at is null
      order by id desc
      limit 1`)) ?? randomUUID();
  let begun: readonly { recipientId: string; mailpieceId: string }[] = [];
  let proofing: string[] = [];
  let [proofId, mailId] = ['', ''];
  let who = {
    recipient_id: '',
    email: 'nobody',
    reference: 'nobody',
    provider_id: 'nobody',
    mailpiece_id: 'nobody',
  };
  const accepted = (piece: { recipientId: string; mailpieceId: string }): MailSettlement => ({
    ...piece,
    outcome: 'accepted',
    providerId: `p ${piece.mailpieceId}`,
  });
  return [
    ['stage plan, proof', async () => await sql`select * from postrider.stage_plan('proof', 8)`],
    ['stage plan, mail', async () => await sql`select * from postrider.stage_plan('mail', 8)`],
    ['stage proof', async () => await sql`select postrider.stage(${o}, ${c}, 'proof', 1, 50)`],
    [
      'begin proof',
      async () => {
        proofId = await open('proof');
        proofing =
          (
            await beginProof(sql, {
              organizationId: o,
              cohortId: proofId,
              runnerId: RUNNER,
              leaseMs: LEASE_MS,
            })
          )?.cards.map((card) => card.recipientId) ?? [];
      },
    ],
    [
      'renew',
      async () =>
        await sql`
          select postrider.renew(${RUNNER}, ${[o]}::uuid[], ${[proofId]}::uuid[], '1 minute')`,
    ],
    [
      'settle proof',
      async () =>
        await settleProof(sql, {
          organizationId: o,
          cohortId: proofId,
          results: proofing.slice(0, 40).map(rendered),
          last: false,
        }),
    ],
    [
      'settle proof, last',
      async () =>
        await settleProof(sql, { organizationId: o, cohortId: proofId, results: [], last: true }),
    ],
    ['stage mail', async () => await sql`select postrider.stage(${o}, ${c}, 'mail', 1, 50)`],
    [
      'begin mail',
      async () => {
        mailId = await open('mail');
        begun =
          (
            await beginMail(sql, {
              organizationId: o,
              cohortId: mailId,
              runnerId: RUNNER,
              leaseMs: LEASE_MS,
            })
          )?.pieces ?? [];
      },
    ],
    [
      'settle mail, accepted',
      async () =>
        await settleMail(sql, {
          organizationId: o,
          cohortId: mailId,
          results: begun.slice(0, 30).map(accepted),
          last: false,
          quietMs: QUIET_MS,
        }),
    ],
    [
      'settle mail, mixed',
      async () =>
        await settleMail(sql, {
          organizationId: o,
          cohortId: mailId,
          results: begun.slice(30, 44).map((piece, i) => ({
            ...piece,
            outcome: (['accepted', 'retry', 'rejected', 'mismatched'] as const)[i % 5] ?? 'unknown',
            providerId: piece.mailpieceId,
            message: 'm',
          })),
          last: true,
          quietMs: QUIET_MS,
        }),
    ],
    ...recording(sql, at),
    ['reap, nothing', async () => await sql`select postrider.reap('1 hour', '1 minute')`],
    [
      'reap',
      async () => {
        await sql`select postrider.stage(${o}, ${c}, 'proof', 1, 50)`;
        await sql`delete from postrider.cohort where id = ${await open('proof')}`;
        await sql`select postrider.reap('1 hour', '1 minute')`;
      },
    ],
    [
      'reconcile',
      async () => {
        await sql`
          update postrider.mailpiece
          set available_at = now()
          where organization_id = ${o} and status = 'unknown' and available_at is not null`;
        const claimed = await claimUnknownMailpieces(sql, o, { limit: 50, leaseMs: 60_000 });
        await settleReconciled(
          sql,
          o,
          claimed.map((piece, i) => ({
            ...piece,
            outcome: i % 2 === 0 ? 'absent' : 'found',
            providerId: piece.mailpieceId,
            keyLifetimeMs: null,
          })),
        );
      },
    ],
    [
      'events',
      async () =>
        await tell(
          sql,
          at,
          begun.slice(0, 30).map((piece, i) =>
            event({
              providerId: `p ${piece.mailpieceId}`,
              status: ['in_transit', 'delivered', 'in_production'][i % 3] ?? null,
            }),
          ),
        ),
    ],
    [
      'events of nobody',
      async () =>
        await tell(sql, at, [event({ providerId: `stranger ${round}`, status: 'in_transit' })]),
    ],
    ['match events', async () => await sql`select postrider.match_events(${o})`],
    ['cancel claim', async () => await claimCallBacks(sql, o, 50)],
    [
      'effects',
      async () =>
        await claimEffects(sql, {
          ...at,
          kind: 'usage_meter',
          limit: 50,
          leaseMs: 60_000,
        }),
    ],
    ['assume, nobody', async () => await sql`select postrider.assume_received(${o})`],
    [
      'assume',
      async () => {
        await sql`
          update postrider.recipient_state set available_at = now() - interval '1 hour'
          where organization_id = ${o} and recipient_id = any (array(
            select recipient_id from postrider.recipient_state
            where organization_id = ${o} and campaign_id = ${c} and waiting_state = 'sent'
            order by available_at limit 50))`;
        await sql`select postrider.assume_received(${o})`;
      },
    ],
    [
      'sync page',
      async () => {
        await sql`delete from postrider.campaign_lock where campaign_id = ${c}`;
        const run = {
          organizationId: o,
          campaignId: c,
          ...(await openSync(sql, {
            organizationId: o,
            campaignId: c,
            kind: 'manual',
            holder: 'everyday',
          })),
        };
        const known = [3, 4, 5, 10, 14].map((n) => ({
          ...people(1)[0],
          externalId: `crowd${n}`,
          email: `crowd${n}@example.com`,
          // One that comes later, for each tenth.
          otherEmails:
            n % 10 === 0 ? [`other.crowd${n}@example.com`, `${round}${n}@example.com`] : [],
          line1: `${n} Crowd Street`,
        }));
        const members = [
          ...known,
          ...people(45, `e${round.replaceAll('-', '').slice(0, 8)}x`),
        ] as unknown as Member[];
        await applySyncPage(sql, run, { members, rejects: [], waitedMs: 0 });
      },
    ],
    [
      'enrich claim',
      async () =>
        await sql`select postrider.claim_batch(${o}, ${c}, 'x', 50, '1 hour', '1 minute')`,
    ],
    ['due', async () => await sql`select * from postrider.due()`],
    [
      'candidates',
      async () =>
        await sql`
          select (select count(*) from postrider.campaigns_to_enrich(true)),
            (select count(*) from postrider.campaigns_to_sync())`,
    ],
    ['complete campaigns', async () => await sql`select postrider.complete_campaigns(${o})`],
    ['funnel', async () => await sql`select * from postrider.funnel`],
    ['stuck', async () => await sql`select * from postrider.stuck where organization_id = ${o}`],
    ['queue', async () => await sql`select * from postrider.queue`],
    [
      'look somebody up',
      async () => {
        const [row] = await sql<(typeof who)[]>`
          select r.id as recipient_id, r.email, r.reference, m.provider_id, m.id as mailpiece_id
          from postrider.mailpiece m
          join postrider.recipient r
            on r.organization_id = m.organization_id and r.id = m.recipient_id
          where m.organization_id = ${o} and m.id = ${begun[0]?.mailpieceId ?? randomUUID()}`;
        if (row !== undefined) who = row;
      },
    ],
    ['trace by id', async () => await sql`select * from postrider.trace(${who.recipient_id})`],
    ['trace by e-mail', async () => await sql`select * from postrider.trace(${who.email})`],
    ['trace by reference', async () => await sql`select * from postrider.trace(${who.reference})`],
    [
      "why by the printer's id",
      async () => await sql`select * from postrider.why(${who.provider_id})`,
    ],
    ['why by mailpiece', async () => await sql`select * from postrider.why(${who.mailpiece_id})`],
    [
      'cancel',
      async () =>
        who.recipient_id !== '' && (await sql`select postrider.cancel(${who.recipient_id})`),
    ],
    ...amending(sql, at),
    ...polling(sql, at),
    ['suppress', async () => await sql`select postrider.suppress(${o}, 'crowd7@example.com')`],
    ['hold', async () => await sql`select postrider.hold(${o}, 'campaign', ${c})`],
    ['release', async () => await sql`select postrider.release(${o}, 'campaign', ${c})`],
    ['what moves', async () => await sql`select postrider.ready_work()`],
    ['what waits', async () => await sql`select * from postrider.waiting_work()`],
    ['doctor', async () => await sql`select * from postrider.doctor()`],
    ['what comes', async () => await sql`select from postrider.upcoming_work('30 seconds')`],
  ];
}
