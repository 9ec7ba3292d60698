/** What the typst renderer answers for a template of a few lines. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contractContext } from '@postrider/core/contract';
import type { CardRequest, RenderAnswer } from '@postrider/core/ports';
import { createTypstRenderer } from '../index.ts';
import type { CardPreview, PreviewRenderer } from '../../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { card } from './cards.ts';

export const ok = 'rendered';

export interface Template {
  /** What the function `front` is made of. */
  readonly front?: string;
  readonly back?: string;
  readonly files?: Readonly<Record<string, string>>;
}

async function rendererOf({
  front = '[Hello]',
  back = 'address-block(card)',
  files = {},
}: Template): Promise<PreviewRenderer> {
  const folder = await temporaryFolder();
  await writeFile(
    join(folder, 'card.typ'),
    `#import "postrider.typ": *\n#let front(card) = {\n${front}\n}\n#let back(card) = {\n${back}\n}\n`,
  );
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content);
  return createTypstRenderer({}, wiringAt(folder));
}

export async function answer(
  template: Template,
  cards: readonly CardRequest[] = [card(), card(), card()],
  format = '4x6',
): Promise<RenderAnswer> {
  const renderer = await rendererOf(template);
  return renderer.render(
    { template: 'card.typ', format, media: 'application/pdf', cards },
    contractContext(),
  );
}

export async function preview(template: Template, one: CardRequest): Promise<CardPreview> {
  const renderer = await rendererOf(template);
  const job = { template: 'card.typ', format: '4x6', card: one };
  return renderer.preview(job, { width: 300, guides: true });
}

/** Why the template as a whole is refused, as `reason: message`. */
export function refusal({ refused = [], documents }: RenderAnswer): string {
  if (refused.length > 0) assert.equal(documents.length, 0, 'nothing of a refused job is printed');
  return refused.map(({ reason, message }) => `${reason}: ${message}`).join('\n');
}

/** What becomes of each card. */
export function fates({ results, refused }: RenderAnswer): readonly string[] {
  assert.deepEqual(refused ?? [], []);
  return results.map((one) =>
    one.outcome === 'failed' ? `${one.reason}: ${one.message}` : one.outcome,
  );
}

export function svg(content: string): string {
  const head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 45 30"';
  return `${head} preserveAspectRatio="none">${content}</svg>`;
}
