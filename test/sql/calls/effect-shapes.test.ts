/** The JSON of what follows from cards has the shape that its typed calls tell of. */
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import {
  claimCallBacks,
  type PieceToCallBack,
} from '../../../packages/core/src/machine/call-back.ts';
import { claimEffects, type ClaimedEffect } from '../../../packages/core/src/machine/effects.ts';
import {
  claimImageCleanups,
  settleImageCleanups,
  type ClaimedDocument,
} from '../../../packages/core/src/machine/image-cleanup.ts';
import { DAY, place, sent, sharedMachine, tellAll, turnClock } from '../rig.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();
const MINUTE_MS = 60_000;

// First: the cards of this file are on documents of one URL, and no other is in use yet.
void test('a document whose cards are through', async () => {
  const { sql } = rig;
  const at = await place(sql, { remove_images_after: '0 days' });
  await tellAll(sql, at, await sent(sql, at), 'delivered');
  await turnClock(sql, DAY + 1000);
  const claim = { ...at, limit: 5, leaseMs: MINUTE_MS, removable: true };
  const documents = await claimImageCleanups(sql, claim);
  fits<ClaimedDocument>(documents[0], {
    cohortId: 'string',
    urlKey: 'string',
    url: 'string',
    attempt: 'number',
  });
  await settleImageCleanups(
    sql,
    at,
    documents.map((one) => ({ ...one, outcome: 'removed' })),
  );
});

void test('what is done after a card was sent', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  const batch = await sent(sql, at);
  const claims = await claimEffects(sql, {
    ...at,
    kind: 'usage_meter',
    limit: 5,
    leaseMs: MINUTE_MS,
  });
  fits<ClaimedEffect>(claims[0], {
    key: 'string',
    mailpieceId: 'string',
    kind: 'string',
    status: 'string',
    campaignId: 'string',
    recipientId: 'string',
    attempt: 'number',
    occurredAt: 'string',
    isBackfill: 'boolean',
    externalId: 'string?',
    organization: 'string',
    campaign: 'string',
    format: 'string',
    mailClass: 'string',
    mode: 'string',
    printer: 'string',
    providerId: 'string?',
    acceptedAt: 'string?',
    expectedDelivery: 'string?',
    rerouted: 'boolean',
    confidence: 'string?',
  });
  for (const piece of batch.pieces) await cancel(sql, piece.recipientId);
  fits<PieceToCallBack>((await claimCallBacks(sql, at.organizationId, 5))[0], {
    recipientId: 'string',
    mailpieceId: 'string',
    providerId: 'string',
    campaignId: 'string',
    printerName: 'string',
  });
});
