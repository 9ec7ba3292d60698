/** Cards for the tests of the typst renderer, and short ways to render them. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contractContext } from '@postrider/core/contract';
import type { CardRequest, RenderResult } from '@postrider/core/ports';
import { createTypstRenderer } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';

export const bakery = fileURLToPath(new URL('../../../../../examples/bakery', import.meta.url));

let people = 0;
export function card(changes: Partial<CardRequest> = {}): CardRequest {
  people++;
  return {
    recipientId: `r-${people}`,
    firstName: 'Ann',
    lastName: `Lee ${people}`,
    address: {
      line1: `${people} Main Street`,
      line2: null,
      city: 'Springfield',
      region: 'IL',
      postalCode: '62701',
      country: 'US',
    },
    returnAddress: {
      line1: '12 Elm Street',
      line2: null,
      city: 'Portland',
      region: 'ME',
      postalCode: '04101',
      country: 'US',
    },
    merge: { favorite: 'Rye', promo_code: `CRUMB-${people}` },
    reference: `R-${people}`,
    ...changes,
  };
}

export interface Rendered {
  readonly pdf: Uint8Array;
  readonly results: readonly RenderResult[];
  readonly name: string;
}

export async function render(
  template: string,
  cards: readonly CardRequest[],
  { format = '4x6', files = {} as Record<string, string>, options = {} } = {},
): Promise<Rendered> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'card.typ'), template);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return renderIn(folder, cards, format, options);
}

export async function renderIn(
  folder: string,
  cards: readonly CardRequest[],
  format = '4x6',
  options = {},
): Promise<Rendered> {
  const renderer = await createTypstRenderer(options, wiringAt(folder));
  const { documents, results } = await renderer.render(
    {
      template: folder === bakery ? 'postcard.typ' : 'card.typ',
      format,
      media: 'application/pdf',
      cards,
    },
    contractContext(),
  );
  assert.ok(documents.length <= 1);
  return { pdf: documents[0]?.bytes ?? new Uint8Array(), results, name: documents[0]?.name ?? '' };
}

export function failure(result: RenderResult | undefined): { reason: string; message: string } {
  assert.equal(result?.outcome, 'failed', JSON.stringify(result));
  return result as Extract<RenderResult, { outcome: 'failed' }>;
}
export function hash(result: RenderResult | undefined): string {
  assert.equal(result?.outcome, 'rendered', JSON.stringify(result));
  return (result as Extract<RenderResult, { outcome: 'rendered' }>).contentHash;
}

/** The least that a card needs. */
export const plain = `#import "postrider.typ": *
#let front(card) = place(
  dx: 20pt, dy: 20pt, [Hello #card.at("firstName", default: "neighbor"), #card.favorite]
)
#let back(card) = address-block(card)
`;
