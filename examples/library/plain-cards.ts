/**
 * The renderer port: cards in plain text, for a press that wants no more. Two pages a card, divided
 * by form feeds, the cards of a cohort in one document.
 */
import { createHash } from 'node:crypto';
import type { CardRequest, Renderer, RenderResult } from '@postrider/core';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function pages(card: CardRequest): readonly [front: string, back: string] {
  const { address } = card;
  return [
    `Spring at the garden shop: ${card.merge['loves'] ?? 'flowers'}`,
    [
      `Dear ${card.firstName ?? 'neighbour'}, ` +
        `ten percent off all ${card.merge['loves'] ?? 'flowers'} with this card.`,
      '',
      `${card.firstName ?? ''} ${card.lastName ?? ''}`.trim(),
      address.line1,
      `${address.city} ${address.region ?? ''} ${address.postalCode}`,
      card.reference,
    ].join('\n'),
  ];
}

export const plainCards: Renderer = {
  makes: ['text/plain'],
  async render({ cards }, context) {
    context.signal.throwIfAborted();
    const texts = cards.map(pages);
    const document = texts.flat().join('\f');
    const results = cards.map((card, index): RenderResult => ({
      recipientId: card.recipientId,
      outcome: 'rendered',
      front: { document: 0, page: 2 * index + 1 },
      back: { document: 0, page: 2 * index + 2 },
      contentHash: sha256(texts[index]?.join('\f') ?? ''),
    }));
    // Named by its content: rendering it again is harmless.
    return await Promise.resolve({
      documents:
        cards.length === 0
          ? []
          : [
              {
                name: `${sha256(document).slice(0, 32)}.txt`,
                contentType: 'text/plain',
                bytes: Buffer.from(document),
              },
            ],
      results: document === '' ? [] : results,
    });
  },
};
