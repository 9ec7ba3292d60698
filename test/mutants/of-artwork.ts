/** Mutants of the cutter: pages of their own for printers by the card. */
import type { Mutant } from './mutants.ts';

const pages = 'packages/core/test/artwork/cut-pages.test.ts';
const cutter = 'packages/core/test/artwork/cutter.test.ts';
const artwork = 'packages/core/src/runtime/artwork';

export const artworks: readonly Mutant[] = [
  {
    name: 'artwork-of-one-person',
    without: 'of the resources of all cards a page takes only what it names',
    edits: [
      {
        file: `${artwork}/pdf-resources.ts`,
        find: 'const waiting = new Set(unnamed);',
        replace: 'const waiting = new Set(lists.flatMap(({ list }) => [...list.keys()]));',
      },
    ],
    test: { file: pages, pattern: 'nothing of other people is in a page' },
  },
  {
    name: 'artwork-borrowed-names',
    without: 'what a form borrows from the page that draws it is taken along',
    edits: [
      {
        file: `${artwork}/pdf-resources.ts`,
        find: 'for (const borrowed of this.#borrowedBy(entry)) waiting.add(borrowed);',
        replace: 'void this.#borrowedBy;',
      },
    ],
    test: { file: pages, pattern: 'what a page uses without naming it' },
  },
  {
    name: 'artwork-layers',
    without: 'what is hidden on a layer stays hidden',
    edits: [
      {
        file: `${artwork}/pdf-cut.ts`,
        find: "for (const key of ['OCProperties', 'OutputIntents']) {",
        replace: "for (const key of ['OutputIntents']) {",
      },
    ],
    test: { file: pages, pattern: 'what a page uses without naming it' },
  },
  {
    name: 'artwork-notes-on-top',
    without: 'a page with a form field on top, which would be lost, is refused',
    edits: [
      {
        file: `${artwork}/pdf-pages.ts`,
        find: "if (kind === 'Link' || kind === 'Popup' || isHidden) continue;",
        replace: 'if (isHidden || kind !== null) continue;',
      },
    ],
    test: {
      file: 'packages/core/test/artwork/not-a-card.test.ts',
      pattern: 'what is not a card is told',
    },
  },
  {
    name: 'artwork-as-proofed',
    without: 'a document whose bytes are others than when it was proofed is refused',
    edits: [
      {
        file: `${artwork}/artwork-documents.ts`,
        find: 'if (now.hash === hash) return now;',
        replace: 'if (now.hash !== null) return now;',
      },
    ],
    test: { file: cutter, pattern: 'a document that is not what was proofed' },
  },
  {
    name: 'artwork-hash-frozen',
    without: 'a piece says which bytes were proofed',
    edits: [
      {
        file: 'sql/functions/50_mail/begin_mail.sql',
        find: "'url', p.front_url, 'page', p.front_page, 'hash', p.front_hash),",
        replace: "'url', p.front_url, 'page', p.front_page),",
      },
    ],
    test: { file: 'test/pipeline/mail/cut-artwork.test.ts', pattern: 'a card goes out as its own' },
  },
  {
    name: 'artwork-below-folders',
    without: 'links are followed before it is asked whether a file is below a folder',
    edits: [
      {
        file: `${artwork}/artwork-sources.ts`,
        find: 'const real = await realpath(path).catch(failed(url));',
        replace: 'const real = path;',
      },
    ],
    test: { file: cutter, pattern: 'files outside of the folders' },
  },
  {
    name: 'gone-in-doubt',
    without: 'who may have a card gets no other mailpiece for a document that is gone',
    edits: [
      {
        file: 'sql/functions/50_mail/settle_mail.sql',
        find: 'and m.attempt = 0 and not postrider.card_may_exist(m.status, m.repeat_until) and not exists',
        replace: 'and not exists',
      },
    ],
    test: { file: 'test/sql/mail/artwork-gone.test.ts', pattern: 'waits for the document' },
  },
  {
    name: 'gone-once-a-day',
    without: 'a host that loses all documents has cards made anew once a day',
    edits: [
      {
        file: 'sql/functions/50_mail/settle_mail.sql',
        find: 'and o.artwork_gone_at > postrider.now()',
        replace: 'and o.artwork_gone_at < postrider.now()',
      },
    ],
    test: { file: 'test/sql/mail/artwork-gone.test.ts', pattern: 'only once a day' },
  },
  {
    name: 'gone-with-its-folder',
    without: 'a file whose folder is missing, too, is not gone',
    edits: [
      {
        file: 'packages/core/src/runtime/artwork/artwork-sources.ts',
        find: 'if (folder === null) throw unreachable',
        replace: 'if (folder === null) throw gone',
      },
    ],
    test: {
      file: 'packages/core/test/artwork/cutter.test.ts',
      pattern: 'without what gives access',
    },
  },
];
