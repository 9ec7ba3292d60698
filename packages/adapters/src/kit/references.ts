/**
 * Our reference as it travels with a piece, in pairs of short texts, and is read from what the
 * printer tells of it later. A printer may tell anything: what is no text counts as not there.
 */
import type { CallContext, FindResult, ListedPiece, PieceReference } from '@postrider/core/ports';

export type Pairs = Readonly<Record<string, unknown>> | null | undefined;

export function referencePairs({
  reference: { organizationId, campaignId, recipientId, mailpieceId },
  idempotencyKey,
  person,
}: {
  readonly reference: PieceReference;
  readonly idempotencyKey: string;
  readonly person?: string;
}): Record<string, string> {
  return {
    organization: organizationId,
    campaign: campaignId,
    recipient: recipientId,
    mailpiece: mailpieceId,
    key: idempotencyKey,
    ...(person === undefined ? {} : { person }),
  };
}

/** One of the pairs; null where there is none. */
export function pairIn(pairs: Pairs, name: string): string | null {
  const value = pairs?.[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Whose piece it is, for `list`. */
export function ownerIn(
  pairs: Pairs,
): Pick<ListedPiece, 'reference' | 'idempotencyKey' | 'person'> {
  const [organizationId, campaignId, recipientId, mailpieceId] = [
    pairIn(pairs, 'organization'),
    pairIn(pairs, 'campaign'),
    pairIn(pairs, 'recipient'),
    pairIn(pairs, 'mailpiece'),
  ];
  const isOurs =
    organizationId !== null && campaignId !== null && recipientId !== null && mailpieceId !== null;
  return {
    reference: isOurs ? { organizationId, campaignId, recipientId, mailpieceId } : null,
    idempotencyKey: pairIn(pairs, 'key'),
    person: pairIn(pairs, 'person'),
  };
}

/**
 * What the pieces of one mailpiece prove, all that the printer has of it: a cancelled one is
 * evidence too, but one that is printed counts before it.
 */
export function foundAmong(
  ours: readonly Pick<ListedPiece, 'providerId' | 'onPaper'>[],
  mailpieceId: string,
  { logger }: Pick<CallContext, 'logger'>,
): FindResult {
  if (ours.length > 1)
    logger.error(
      { mailpieceId, ids: ours.map(({ providerId }) => providerId) },
      'the printer has several pieces for one mailpiece',
    );
  const best = ours.find(({ onPaper }) => onPaper) ?? ours[0];
  return best === undefined
    ? { outcome: 'absent' }
    : { outcome: 'found', providerId: best.providerId };
}
