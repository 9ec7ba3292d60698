/**
 * The JSON that functions answer has the shape that the typed calls tell of. The compiler holds the
 * shapes of this file to the types, member by member; the tests hold them to what SQL answers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  hold,
  retryAll,
  type AppliedCampaign,
  type Held,
  type RetriedAll,
} from '@postrider/core';
import * as briefs from '../../../packages/core/src/machine/briefs.ts';
import * as enrich from '../../../packages/core/src/machine/enrich.ts';
import { tick, type Tick } from '../../../packages/core/src/machine/house.ts';
import * as mail from '../../../packages/core/src/machine/mail.ts';
import type { BegunCard, BegunProof } from '../../../packages/core/src/machine/proof.ts';
import type * as reconcile from '../../../packages/core/src/machine/reconcile.ts';
import * as restore from '../../../packages/core/src/machine/restore.ts';
import { readyWork } from '../../../packages/core/src/machine/waiting.ts';
import type { EnrichRequest } from '../../../packages/core/src/ports/index.ts';
import { definition, syncPeople } from '../../support/machine.ts';
import {
  begin,
  claimDue,
  emailOnly,
  place,
  RUNNER,
  sending,
  sharedMachine,
  staged,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { claimed } from '../rig/enricher.ts';
import { fits, type Shape } from '../rig/shapes.ts';

const brief: Shape<briefs.CampaignBrief> = {
  organizationId: 'string',
  campaignId: 'string',
  name: 'string',
  template: 'string',
  format: 'string',
  mailClass: 'string',
  mode: 'string',
  printerName: 'string',
  returnAddress: 'object?',
  integrations: 'object',
  connectionIds: 'object',
  baseDirectory: 'string',
};
const watermark: Shape<restore.Watermark> = {
  installation: 'string',
  restores: 'number',
  system: 'string?',
  timeline: 'number?',
  noticed: 'string?',
  superseded: 'boolean',
};
const unknownPiece: Shape<reconcile.UnknownPiece> = {
  mailpieceId: 'string',
  recipientId: 'string',
  campaignId: 'string',
  printerName: 'string',
  idempotencyKey: 'string',
  attempt: 'number',
  openedAt: 'string',
};

const rig = sharedMachine();
const MINUTE_MS = 60_000;

void test('what an adapter is made from', async () => {
  const { sql } = rig;
  const { organizationId, campaignId } = await place(sql);
  fits<briefs.CampaignBrief>(await briefs.campaignBrief(sql, organizationId, campaignId), brief);
  fits<briefs.PrinterBrief>(await briefs.printerBrief(sql, organizationId, 'press'), {
    organizationId: 'string',
    name: 'string',
    kind: 'string',
    options: 'object',
    connectionId: 'string?',
    baseDirectory: 'string?',
    quietMs: 'number?',
  });
});

void test('what follows an application, a hold and a retry of everybody', async () => {
  const { sql } = rig;
  const { organizationId, campaignId } = await place(sql);
  const applied = await applyCampaign(sql, organizationId, definition({ daily_cap: 5 }));
  fits<AppliedCampaign>(applied, {
    organizationId: 'string',
    campaignId: 'string',
    created: 'boolean',
    changed: 'list',
  });
  fits<Held>(await hold(sql, { organizationId, kind: 'campaign', id: campaignId }), {
    held: 'string',
    id: 'string',
    atPrinter: 'number',
    unknown: 'number',
  });
  fits<RetriedAll>(await retryAll(sql, { organizationId, campaignId }, 'render_failed'), {
    tried: 'object',
    refused: 'number',
    left: 'number',
  });
});

void test('a batch of an enricher', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a')]);
  const batch = fits<enrich.ClaimedBatch>(await claimed(sql, at), {
    batchId: 'string',
    people: 'list',
    cached: 'number',
  });
  fits<EnrichRequest>(batch.people[0], {
    recipientId: 'string',
    email: 'string',
    otherEmails: 'list?',
    firstName: 'string?',
    lastName: 'string?',
  });
  await enrich.noteBatchSubmitted(sql, {
    ...at,
    batchId: batch.batchId,
    providerBatchId: 'theirs',
  });
  await turnClock(sql, 60 * MINUTE_MS);
  fits<enrich.DueBatch>((await enrich.dueBatches(sql, at.organizationId))[0], {
    batchId: 'string',
    campaignId: 'string',
    enricher: 'string?',
    providerBatchId: 'string?',
    overdue: 'boolean',
  });
});

void test('a cohort that is begun to be proofed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const begun = await begin(sql, at, 'proof', await staged(sql, at, 'proof'));
  const { campaign, cards } = fits<BegunProof>(begun as BegunProof | null, {
    campaign: 'object',
    cards: 'list',
  });
  fits<briefs.CampaignBrief>(campaign, brief);
  fits<BegunCard>(cards[0], {
    recipientId: 'string',
    attempt: 'number',
    firstName: 'string?',
    lastName: 'string?',
    merge: 'object',
    reference: 'string',
    line1: 'string',
    line2: 'string?',
    city: 'string',
    region: 'string?',
    postalCode: 'string',
    country: 'string',
  });
});

void test('a cohort that is begun to be mailed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const cohortId = await staged(sql, at, 'mail');
  const told: restore.Watermark[] = [];
  const begun = await mail.beginMail(
    sql,
    { ...at, cohortId, runnerId: RUNNER, leaseMs: MINUTE_MS },
    (mark) => told.push(mark),
  );
  fits<restore.Watermark>(told[0], watermark);
  const { campaign, pieces } = fits<mail.BegunMail>(begun, { campaign: 'object', pieces: 'list' });
  fits<briefs.CampaignBrief>(campaign, brief);
  const piece = fits<mail.BegunPiece>(pieces[0], {
    recipientId: 'string',
    mailpieceId: 'string',
    moveNo: 'number',
    idempotencyKey: 'string',
    mode: 'string',
    printerName: 'string',
    repeatForMs: 'number?',
    request: 'object',
  });
  const request = fits<mail.BegunPiece['request']>(piece.request, {
    person: 'string?',
    format: 'string',
    mailClass: 'string',
    to: 'object',
    from: 'object?',
    artwork: 'object',
  });
  fits(request.to, { name: 'string', address: 'object' });
  fits(request.to.address, {
    line1: 'string',
    line2: 'string?',
    city: 'string',
    region: 'string?',
    postalCode: 'string',
    country: 'string',
  });
  fits(request.artwork, { front: 'object', back: 'object' });
  for (const side of [request.artwork.front, request.artwork.back])
    fits(side, { url: 'string', page: 'number', hash: 'string?' });
});

void test('what a runner is told at each tick, and what is under way meanwhile', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sending(sql, at);
  fits<restore.Watermark>(await restore.checkWatermark(sql, {}), watermark);
  const runner = {
    id: RUNNER,
    name: 'test',
    proofSlots: 1,
    mailSlots: 1,
    version: '0',
    leaseMs: MINUTE_MS,
  };
  const ticked = fits<Tick>(
    await tick(sql, runner, { graceMs: 60 * MINUTE_MS, quietMs: 60 * MINUTE_MS, remembered: {} }),
    {
      back: 'number',
      watermark: 'object',
      witnesses: 'list',
      probes: 'list',
    },
  );
  fits<restore.Watermark>(ticked.watermark, watermark);
  fits<restore.Witness>(ticked.witnesses[0], {
    organizationId: 'string',
    recipientId: 'string',
    moveNo: 'number',
    mailpieceId: 'string',
  });
  for (const count of Object.values(await readyWork(sql))) assert.equal(typeof count, 'number');
});

void test('a piece of which nobody knows, and what a printer lists', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  fits<reconcile.UnknownPiece>((await claimDue(sql, at))[0], unknownPiece);
  const press = { organizationId: at.organizationId, printerName: 'press' };
  const opened = await restore.piecesOpenedSince(sql, press, {
    since: new Date(0),
    after: '00000000-0000-0000-0000-000000000000',
    limit: 5,
  });
  fits<reconcile.UnknownPiece>(opened[0], unknownPiece);
  fits<restore.Adopted>(await restore.adoptPieces(sql, press, []), {
    moved: 'number',
    adopted: 'number',
    strangers: 'number',
  });
});
