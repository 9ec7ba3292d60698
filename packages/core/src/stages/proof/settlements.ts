/** From what renderer and image host answered to what is written down of each person. */
import { createHash } from 'node:crypto';
import type { ProofSettlement } from '../../machine/proof.ts';
import type { Stored } from './image-host-answers.ts';
import type { CardAnswer } from './renderer-answers.ts';

export function settlementsOf(
  answers: readonly CardAnswer[],
  documents: readonly { readonly bytes: Uint8Array }[],
  stored: readonly Stored[],
): ProofSettlement[] {
  const hashes = documents.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
  return answers.map((answer) => settlementOf(answer, stored, hashes));
}

function settlementOf(
  answer: CardAnswer,
  stored: readonly Stored[],
  hashes: readonly string[],
): ProofSettlement {
  if (answer.outcome !== 'rendered') return answer;
  const { recipientId, contentHash, front, back } = answer;
  const [frontPut, backPut] = [stored[front.document], stored[back.document]];
  const [frontHash, backHash] = [hashes[front.document], hashes[back.document]];
  if (frontPut?.outcome === 'stored' && backPut?.outcome === 'stored')
    return {
      recipientId,
      outcome: 'rendered',
      contentHash,
      frontUrl: frontPut.url,
      frontPage: front.page,
      backUrl: backPut.url,
      backPage: back.page,
      ...(frontHash === undefined ? {} : { frontHash }),
      ...(backHash === undefined ? {} : { backHash }),
    };
  // Where one is refused for good, the card is not tried again for the sake of the other.
  const missing = [frontPut, backPut].flatMap((put) =>
    put === undefined || put.outcome === 'stored' ? [] : [put],
  );
  const put = missing.find(({ outcome }) => outcome === 'failed') ?? missing[0];
  return {
    recipientId,
    ...(put ?? { outcome: 'retry', message: 'the image host gave no answer', afterMs: null }),
  };
}
