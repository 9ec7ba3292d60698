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
  RenderResult,
  RenderedDocument,
} from '@postrider/core/ports';
import { z } from 'zod';
import { parseOptions } from '../kit/options.ts';
import type { PreviewRenderer } from '../kit/preview.ts';
import { cardData, contentHash } from './card-data.ts';
import { TypstCompiler } from './compiler.ts';
import { loadFonts } from './fonts.ts';
import { formatNames, formats, longestLine } from './formats.ts';
import type { CardFormat } from './formats.ts';
import type { Failure, SideName } from './marks.ts';
import { typstOptions } from './options.ts';
import { addPageBoxes } from './pdf-boxes.ts';
import { svgToPng } from './png.ts';
import { proof, sourceOf } from './proofing.ts';
import type { Studio } from './proofing.ts';
import { readTemplate } from './template-files.ts';
import type { TemplateFiles } from './template-files.ts';
import { typeset } from './typeset.ts';

export async function createTypstRenderer(
  options: unknown,
  wiring: AdapterWiring,
): Promise<PreviewRenderer> {
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
  const studioOf = (typst: TypstCompiler, prepared: Prepared): Studio => ({
    ...prepared,
    typst,
    fonts,
    prelude,
  });

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

      const { pdf, printed, failures, refused } = await proof(studioOf(typst, prepared), job.cards);
      if (refused.length > 0) return refusing(job.cards, refused);
      const documents: RenderedDocument[] = [];
      if (pdf !== null) {
        const bytes = addPageBoxes(pdf, format, printed.length * 2);
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
          contentHash: contentHash([machinery, template.hash, job.format], cardData(card)),
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
      const studio = studioOf(typst, prepared);
      const { failures, refused } = await proof(studio, [card]);
      const side = (one: SideName): string => {
        const { output, failures: unset } = typeset(
          typst,
          sourceOf(studio, [one], { guides }),
          [cardData(card)],
          { use: (document) => document.svg(), flawless: false },
        );
        if (output === null)
          throw new Error(unset.get(0)?.message ?? 'the card cannot be rendered');
        return output;
      };
      return {
        front: await svgToPng(side('front'), width),
        back: await svgToPng(side('back'), width),
        faults: [...refused, ...failures.values()].map(({ reason, message }) => ({
          reason,
          message,
        })),
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

function failed(card: CardRequest, { reason, message }: Failure): RenderResult {
  return { recipientId: card.recipientId, outcome: 'failed', reason, message };
}

function compilerVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)(
    '@myriaddreamin/typst-ts-node-compiler/package.json',
  );
  return z.object({ version: z.string() }).parse(manifest).version;
}
