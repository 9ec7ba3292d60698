/**
 * The typst compiler, kept in its bounds.
 *
 * It is one object for the whole life of a renderer: making one costs 14 ms, compiling a card 0.2
 * ms. Its memory of earlier results grows without end (2.9 GB after 3,000 cards, measured on 0.7)
 * unless it is emptied after every document, failed ones too. Calls are synchronous; between
 * setting the files and reading the result nothing may be awaited, or two jobs would mix.
 */
import type { NodeCompiler, NodeTypstDocument } from '@myriaddreamin/typst-ts-node-compiler';
import type { FontSet } from './fonts.ts';
import { explainDiagnostics } from './diagnostics.ts';
import type { Problem } from './diagnostics.ts';

// Need not exist: every file is given to the compiler from memory.
const root = '/postrider-template';
const mainPath = `${root}/.postrider/main.typ`;
// The main file has one line per card behind its header, so that an error's trace tells which card
// it was.
function header(template: string): string {
  return [
    `#import "/postrider.typ": _setup, _card`,
    `#import ${JSON.stringify(template)} as template`,
    '#show: _setup',
    '',
  ].join('\n');
}
const headerLines = 3;

/** What a page holds, in document order. */
export type Mark =
  | readonly ['side', number, 'front' | 'back', number]
  | readonly ['overflow', string]
  | readonly ['glyph', string]
  | readonly ['qr', string]
  | readonly [
      'address',
      name: string | null,
      ownName: boolean,
      lines: readonly string[],
      reference: string,
      min: number,
    ];

export interface Source {
  readonly prelude: string;
  readonly template: string;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly job: unknown;
  readonly cards: readonly unknown[];
  readonly codes: Readonly<Record<string, unknown>>;
}

export class TypstCompiler {
  readonly #compiler: NodeCompiler;

  constructor(compiler: NodeCompiler) {
    this.#compiler = compiler;
  }

  static async create(fonts: FontSet): Promise<TypstCompiler> {
    const { NodeCompiler: Compiler } = await import('@myriaddreamin/typst-ts-node-compiler');
    return new TypstCompiler(
      Compiler.create({ workspace: root, fontArgs: [{ fontBlobs: [...fonts.blobs] }] }),
    );
  }

  /** Compiles and hands the document to `use`; what it returns must not refer to the document. */
  compile<Result>(source: Source, use: (document: Compiled) => Result): Result | Problem {
    const compiler = this.#compiler;
    compiler.resetShadow();
    for (const [path, bytes] of source.files) {
      if (path.endsWith('.typ')) compiler.addSource(root + path, bytes.toString('utf8'));
      else compiler.mapShadow(root + path, bytes);
    }
    compiler.addSource(`${root}/postrider.typ`, source.prelude);
    for (const [name, value] of Object.entries({
      job: source.job,
      cards: source.cards,
      codes: source.codes,
    })) {
      compiler.mapShadow(`${root}/.postrider/${name}.json`, Buffer.from(JSON.stringify(value)));
    }
    const lines = source.cards.map((_, index) => `#_card(template, ${index})\n`).join('');
    compiler.addSource(mainPath, header(source.template) + lines);
    const result = compiler.compile({ mainFilePath: mainPath, resetRead: true });
    const document = result.result;
    if (document === null) {
      const error = result.takeDiagnostics();
      return explainDiagnostics(error === null ? [] : compiler.fetchDiagnostics(error), {
        root,
        mainPath,
        headerLines,
      });
    }
    return use(new Compiled(compiler, document));
  }

  /**
   * Empties the memory. To be called after every job; between its passes the memory is what makes
   * the second one cheap.
   */
  forget(): void {
    this.#compiler.evictCache(0);
    this.#compiler.resetShadow();
  }
}

export class Compiled {
  readonly #compiler: NodeCompiler;
  readonly #document: NodeTypstDocument;

  constructor(compiler: NodeCompiler, document: NodeTypstDocument) {
    this.#compiler = compiler;
    this.#document = document;
  }

  get pages(): number {
    return this.#document.numOfPages;
  }

  marks(): readonly Mark[] {
    return this.#compiler.query(this.#document, {
      selector: '<postrider>',
      field: 'value',
    }) as readonly Mark[];
  }

  pdf(): Buffer {
    return this.#compiler.pdf(this.#document, { creationTimestamp: 0 });
  }

  svg(): string {
    return this.#compiler.plainSvg(this.#document);
  }
}
