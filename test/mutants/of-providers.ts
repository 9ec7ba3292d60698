/** Safeguards of what providers can: media types, formats, mail classes, signs of life. */
import type { Mutant } from './mutants.ts';

const media = 'packages/core/src/ports/media.ts';
const misfits = 'packages/core/src/ports/misfits.ts';
const printers = 'packages/core/src/runtime/printers.ts';
const ofFiles = 'packages/cli/test/misfits.test.ts';
const ofCampaigns = 'test/pipeline/proof/misfits.test.ts';
const signsOfLife = 'test/pipeline/mail/signs-of-life.test.ts';

export const providers: readonly Mutant[] = [
  {
    name: 'misfits-refused',
    without: 'a campaign file that its adapters cannot serve is refused when it is applied',
    edits: [
      {
        file: 'packages/cli/src/operate/trial-adapters.ts',
        find: '...misfitProblems(draft, {',
        replace: '...misfitProblems({ ...draft, raw: {} }, {',
      },
    ],
    test: { file: ofFiles, pattern: 'a format and a mail class that do not fit are refused' },
  },
  {
    name: 'media-stored',
    without: 'what is rendered is of a media type that the image host takes, too',
    edits: [
      {
        file: media,
        find: 'return made.find((type) => takesMedia(taken, type)) ?? null;',
        replace: 'return made[0] ?? null;',
      },
    ],
    test: {
      file: 'test/pipeline/proof/media.test.ts',
      pattern: 'a renderer is asked for the first',
    },
  },
  {
    name: 'media-refused',
    without: 'what the renderer makes and the image host does not take is refused',
    edits: [
      {
        file: misfits,
        find: "if (media === null) return [mediaMisfit('imageHost', made, storable)];",
        replace: 'if (media === null) return [];',
      },
    ],
    test: { file: ofFiles, pattern: 'what the renderer makes and nobody takes' },
  },
  {
    name: 'media-printed',
    without: 'what the renderer makes and the printer does not take is refused',
    edits: [
      {
        file: misfits,
        find: 'printable === undefined || takesMedia(printable, media)',
        replace: 'printable === undefined || media !== null',
      },
    ],
    test: { file: ofFiles, pattern: 'a printer is looked at by the very type' },
  },
  {
    name: 'media-held',
    without: 'a campaign whose printer does not take what would be rendered is held',
    edits: [
      {
        file: 'packages/core/src/stages/proof/render.ts',
        find: 'if (unfit.length > 0 || media === null)',
        replace: 'if (media === null)',
      },
    ],
    test: { file: ofCampaigns, pattern: 'does not take what would be rendered is held' },
  },
  {
    name: 'formats-set',
    without: 'a format that the renderer does not set is refused',
    edits: [
      {
        file: misfits,
        find: '(lists(set, format) && lists(printed, format))',
        replace: 'lists(printed, format)',
      },
    ],
    test: { file: ofCampaigns, pattern: 'is held for a format and a mail class' },
  },
  {
    name: 'formats-printed',
    without: 'a format that the printer does not print is refused',
    edits: [
      {
        file: misfits,
        find: '(lists(set, format) && lists(printed, format))',
        replace: 'lists(set, format)',
      },
    ],
    test: { file: ofFiles, pattern: 'a format is refused that either side does not have' },
  },
  {
    name: 'mail-classes-offered',
    without: 'a mail class that the printer does not offer is refused',
    edits: [
      {
        file: misfits,
        find: 'offered === null || offered.includes(mailClass)',
        replace: 'offered === null || offered.length > 0',
      },
    ],
    test: { file: ofFiles, pattern: 'a mail class is refused that the printer does not offer' },
  },
  {
    name: 'lists-of-providers',
    without: 'what a provider lists counts where its adapter cannot be made',
    edits: [
      {
        file: 'packages/cli/src/operate/misfits.ts',
        find: 'made.printer?.mailClasses ?? printer?.mailClasses',
        replace: 'made.printer?.mailClasses',
      },
    ],
    test: { file: ofFiles, pattern: 'of adapters that cannot be made' },
  },
  {
    name: 'proofs-without-printer',
    without: 'a printer that cannot be made keeps no card from being rendered',
    edits: [
      {
        file: printers,
        find: '} catch { return null; }',
        replace: '} catch (error) { throw error; }',
      },
    ],
    test: { file: ofCampaigns, pattern: 'although nobody can make their printer' },
  },
  {
    name: 'alive',
    without: 'a sign of life keeps a printer from being given up',
    edits: [
      {
        file: printers,
        find: 'return await call(context.callContext(ends, account, signOfLife));',
        replace: 'return await call(context.callContext(ends, account));',
      },
    ],
    test: { file: signsOfLife, pattern: 'a printer that says that it is at it' },
  },
  {
    name: 'alive-by-itself',
    without: 'waiting for a rate limit is no sign of life',
    edits: [
      {
        file: printers,
        find: 'return await call(context.callContext(ends, account, signOfLife));',
        replace:
          'const take = async () => (signOfLife(), await Promise.resolve(0));\n    ' +
          'const plain = context.callContext(ends, account, signOfLife);\n    ' +
          'return await call({ ...plain, limiter: { ...plain.limiter, take } });',
      },
    ],
    test: { file: signsOfLife, pattern: 'waiting for the rate limit is no sign of life' },
  },
  {
    name: 'print-shop-says-called-back',
    without: 'a card is called back only where the print shop says so of it',
    edits: [
      {
        file: 'packages/adapters/src/print-shop/printer.ts',
        find: 'if (status === 200 && readJson(cancelAnswer, body)?.id === id)',
        replace: 'if (status === 200)',
      },
    ],
    test: {
      file: 'packages/adapters/src/print-shop/test/malformed.test.ts',
      pattern: 'an answer to a call-back says that it was called back',
    },
  },
  {
    name: 'print-shop-answers-what-is-asked',
    without: 'a look-up that is answered with cards of others proves nothing absent',
    edits: [
      {
        file: 'packages/adapters/src/print-shop/printer.ts',
        find: 'found.length === 0 && isOther',
        replace: 'found.length < 0 && isOther',
      },
    ],
    test: {
      file: 'packages/adapters/src/print-shop/test/malformed.test.ts',
      pattern: 'answered with cards of others does not prove',
    },
  },
  {
    name: 'alive-each-request',
    without: 'the print shop gives a sign of life before each request',
    edits: [
      {
        file: 'packages/adapters/src/kit/call.ts',
        find: 'context.alive();',
        replace: '',
      },
    ],
    test: {
      file: 'packages/adapters/src/print-shop/test/printer.test.ts',
      pattern: 'gives a sign of life before each request',
    },
  },
];
