/**
 * Postcards by typst: one PDF per job, front and back of each card after one another, vector text
 * with embedded fonts.
 *
 * A card fails by itself, with a reason and a sentence; the others of its job are printed. What is
 * wrong with the template or the format refuses the job. The bytes of a PDF depend on the template,
 * the fonts and the cards alone: no clock, no machine font, no network. So the same job gives the
 * same file under the same name, and storing it twice is harmless.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type {
  AdapterWiring,
  CardRequest,
  RenderAnswer,
  RenderJob,
  RenderResult,
  RenderedDocument,
  Renderer,
} from '@postrider/core/ports';
import { z } from 'zod';
import { parseOptions } from '../kit/options.ts';
import { cardData, contentHash } from './card-data.ts';
import { TypstCompiler } from './compiler.ts';
import { loadFonts } from './fonts.ts';
import type { FontSet } from './fonts.ts';
import { formatNames, formats, longestLine } from './formats.ts';
import type { CardFormat } from './formats.ts';
import { typstOptions } from './options.ts';
import { addPageBoxes } from './pdf-boxes.ts';
import { svgToPng } from './png.ts';
import { readTemplate } from './template-files.ts';
import type { TemplateFiles } from './template-files.ts';
import { loadFault, typeset } from './typeset.ts';
import type { Failure, Side, TypesetSource } from './typeset.ts';

/** A look at one card. */
export interface CardPreview {
  readonly front: Uint8Array;
  readonly back: Uint8Array;
}

export interface PreviewOptions {
  /** Width of the PNG in pixels; 1,875 is 300 dpi for a 4x6. Default 1,250. */
  readonly width?: number;
  /** Draws trim (red), safe area (green) and the ink-free box (blue). */
  readonly guides?: boolean;
}

export interface TypstRenderer extends Renderer {
  /**
   * Front and back of one card as PNG. Throws an error that says what is wrong where the card
   * cannot be rendered.
   */
  preview(
    job: Omit<RenderJob, 'cards' | 'media'> & { readonly card: CardRequest },
    options?: PreviewOptions,
  ): Promise<CardPreview>;
}

export async function createTypstRenderer(
  options: unknown,
  wiring: AdapterWiring,
): Promise<TypstRenderer> {
  const parsed = parseOptions('renderer', typstOptions, options);
  const fonts = await loadFonts(parsed.fonts.map((path) => resolve(wiring.baseDirectory, path)));
  const prelude = readFileSync(new URL('./prelude.typ', import.meta.url), 'utf8');
  const machinery = createHash('sha256')
    .update(prelude)
    .update(fonts.hash)
    .update(compilerVersion())
    .digest('hex');
  // Made at the first job: loading the compiler takes a while, and a runner that only syncs needs
  // none.
  let compiling: Promise<TypstCompiler> | null = null;
  const compiler = (): Promise<TypstCompiler> => (compiling ??= TypstCompiler.create(fonts));

  return {
    makes: ['application/pdf'],
    formats: formatNames,
    longestAddressLine: (format) => longestLine(format, parsed.fonts),

    async render(job, context) {
      context.signal.throwIfAborted();
      const prepared = await prepare(job.template, job.format, wiring);
      if (Array.isArray(prepared)) return refusing(job.cards, prepared);
      const { format, template } = prepared;
      const typst = await compiler();
      context.signal.throwIfAborted();

      const cards = job.cards.map(cardData);
      const source = sourceOf(prelude, fonts, format, template, ['front', 'back'], false);
      const { output, printed, failures } = typeset(typst, source, cards, (document) =>
        document.pdf(),
      );
      const fault =
        output === null
          ? commonFault(typst, source, cards.length, failures)
          : foreignFont(output, fonts);
      if (fault !== null) return refusing(job.cards, [fault]);
      const documents: RenderedDocument[] = [];
      if (output !== null) {
        const bytes = addPageBoxes(output, format, printed.length * 2);
        documents.push({
          name: `${createHash('sha256').update(bytes).digest('hex').slice(0, 40)}.pdf`,
          contentType: 'application/pdf',
          bytes,
        });
      }
      const place = new Map(printed.map((index, position) => [index, position]));
      const results = job.cards.map((card, index): RenderResult => {
        const failure = failures.get(index);
        if (failure !== undefined) return failed(card, failure);
        const position = place.get(index) ?? 0;
        return {
          recipientId: card.recipientId,
          outcome: 'rendered',
          front: { document: 0, page: 2 * position + 1 },
          back: { document: 0, page: 2 * position + 2 },
          contentHash: contentHash([machinery, template.hash, job.format], cards[index] ?? {}),
        };
      });
      return { documents, results };
    },

    async preview(
      { template: path, format: formatName, card },
      { width = 1250, guides = false } = {},
    ) {
      const prepared = await prepare(path, formatName, wiring);
      if (Array.isArray(prepared))
        throw new Error(prepared.map(({ message }) => message).join('\n'));
      const typst = await compiler();
      const side = (one: Side): string => {
        const { output, failures } = typeset(
          typst,
          sourceOf(prelude, fonts, prepared.format, prepared.template, [one], guides),
          [cardData(card)],
          (document) => document.svg(),
        );
        if (output === null)
          throw new Error(failures.get(0)?.message ?? 'the card cannot be rendered');
        return output;
      };
      return {
        front: await svgToPng(side('front'), width),
        back: await svgToPng(side('back'), width),
      };
    },
  };
}

interface Prepared {
  readonly format: CardFormat;
  readonly template: TemplateFiles;
}

async function prepare(
  template: string,
  formatName: string,
  wiring: AdapterWiring,
): Promise<Prepared | Failure[]> {
  const format = formats.get(formatName);
  const files = await readTemplate(resolve(wiring.baseDirectory, template));
  if (format !== undefined && !('reason' in files)) return { format, template: files };
  const message =
    `the renderer has no format "${formatName}"; ` + `it has ${formatNames.join(', ')}`;
  return [
    ...(format === undefined ? [{ reason: 'unknown_format', message }] : []),
    ...('reason' in files ? [files] : []),
  ];
}

function refusing(cards: readonly CardRequest[], faults: readonly Failure[]): RenderAnswer {
  const [first = { reason: 'broken_template', message: 'the template cannot be used' }] = faults;
  return { documents: [], results: cards.map((card) => failed(card, first)), refused: faults };
}

/**
 * The template is broken for every recipient: it cannot be loaded, or breaks off at the same place
 * for all of several cards.
 */
function commonFault(
  typst: TypstCompiler,
  source: TypesetSource,
  cards: number,
  failures: ReadonlyMap<number, Failure>,
): Failure | null {
  const [first, ...others] = failures.values();
  if (first?.reason !== 'broken_template') return null;
  if (
    cards > 1 &&
    others.every(({ reason, message }) => reason === first.reason && message === first.message)
  )
    return first;
  return loadFault(typst, source);
}

function sourceOf(
  prelude: string,
  fonts: FontSet,
  format: CardFormat,
  template: TemplateFiles,
  sides: readonly Side[],
  guides: boolean,
): TypesetSource {
  return {
    prelude,
    template: template.main,
    files: template.files,
    job: { format, fonts: fonts.forTemplate, sides, guides },
  };
}

function failed(card: CardRequest, { reason, message }: Failure): RenderResult {
  return { recipientId: card.recipientId, outcome: 'failed', reason, message };
}

// typst finds the fonts installed on the machine whether we want it or not; a card must not look
// different on another runner.
function foreignFont(pdf: Buffer, fonts: FontSet): Failure | null {
  for (const [, name] of pdf
    .toString('latin1')
    .matchAll(/\/BaseFont \/(?:[A-Z]{6}\+)?([^\s/<>[\]()]+)/g)) {
    const plain = name?.replace(/-Identity-H$/, '') ?? '';
    if (fonts.postScriptNames.has(plain)) continue;
    const message =
      `the template uses the font ${plain}, ` +
      `which is not among renderer.fonts and may differ on another machine; ` +
      `add its file there`;
    return { reason: 'font_not_provided', message };
  }
  return null;
}

function compilerVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)(
    '@myriaddreamin/typst-ts-node-compiler/package.json',
  );
  return z.object({ version: z.string() }).parse(manifest).version;
}
