/** The JSON of a claim pack has the shape that the typed calls tell of. */
import { test } from 'node:test';
import { claimPreview, type ClaimPreview } from '@postrider/core';
import { claimPieces, type ClaimedPiece } from '../../../packages/core/src/machine/claims.ts';
import { place, sent, sharedMachine } from '../rig.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

void test('how many cards a claim is about, and all that is known of one', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sent(sql, at, 1);
  const { organizationId, campaignId } = at;
  fits<ClaimPreview>(await claimPreview(sql, organizationId, { campaignId }), {
    pieces: 'number',
    printers: 'list',
    results: 'object',
    from: 'string?',
    to: 'string?',
    prices: 'list',
  });
  const [piece] = await claimPieces(sql, organizationId, { campaignId });
  fits<Omit<ClaimedPiece, 'to' | 'from'> & { to: object; from: object | null }>(
    piece as ClaimedPiece & { to: object; from: object | null },
    {
      mailpieceId: 'string',
      providerId: 'string?',
      campaign: 'string',
      printer: 'string',
      provider: 'string',
      connection: 'string?',
      status: 'string',
      mode: 'string',
      result: 'string',
      idempotencyKey: 'string',
      format: 'string?',
      mailClass: 'string?',
      to: 'object',
      from: 'object?',
      artwork: 'object',
      documents: 'list',
      openedAt: 'string',
      acceptedAt: 'string',
      cancellableUntil: 'string?',
      expectedDelivery: 'string?',
      dueAt: 'string',
      expectedDays: 'number',
      basis: 'string',
      price: 'object?',
      rerouted: 'boolean',
      outcomeDetail: 'string?',
      erasedAt: 'string?',
      history: 'list',
      events: 'list',
      webhooks: 'list',
      calls: 'list',
    },
  );
});
