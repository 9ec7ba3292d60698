/** Safeguards of what is looked at before a card is printed. */
import type { Edit, Mutant } from './mutants.ts';

const folder = 'packages/adapters/src/typst';
const address = `${folder}/test/preflight.test.ts`;
const letters = `${folder}/test/typst-letters.test.ts`;
const codes = `${folder}/test/preflight-codes.test.ts`;

function one(file: string, find: string, replace: string): readonly Edit[] {
  return [{ file: `${folder}/${file}`, find, replace }];
}

export const preflights: readonly Mutant[] = [
  {
    name: 'preflight-at-all',
    without: 'cards are looked at before they are printed',
    edits: one('proofing.ts', 'if (faults.size === 0) return', 'if (faults.size >= 0) return'),
    test: { file: address, pattern: 'whose address is not there' },
  },
  {
    name: 'preflight-held-once',
    without: 'a fault of the template refuses the job',
    edits: one('proofing.ts', 'if (common !== null) return refusing(common);', ''),
    test: { file: address, pattern: 'whose address is not there' },
  },
  {
    name: 'preflight-whose-fault',
    without: 'a fault of one card, alone in its job, is not the template’s',
    edits: one('proofing.ts', 'return common.length > 0 ? common : null;', 'return first;'),
    test: { file: address, pattern: 'too many lines for its zone' },
  },
  {
    name: 'preflight-the-others',
    without: 'the cards beside a faulty one are printed',
    edits: one(
      'proofing.ts',
      'active = printed.filter((index) => !failures.has(index));',
      'active = [];',
    ),
    test: { file: address, pattern: 'prints the others' },
  },
  {
    name: 'preflight-hidden',
    without: 'the address is looked for in the print',
    edits: one(
      'preflight/address-check.ts',
      'if (block === undefined) return {',
      'if (block === undefined) return { faults: [], block: new Set() }; if (block === undefined) return {',
    ),
    test: { file: address, pattern: 'whose address is hidden' },
  },
  {
    name: 'preflight-front',
    without: 'a card has no address on its front',
    edits: one(
      'preflight/address-check.ts',
      'if (others.length > 0 || front.addresses.length > 0)',
      'if (others.length > 0)',
    ),
    test: { file: address, pattern: 'whose address is on both sides' },
  },
  {
    name: 'preflight-own-address',
    without: 'the address is the one of the card',
    edits: one(
      'preflight/address-check.ts',
      "if (isOwn && told.reference === card['reference']) return null;",
      'return null;',
    ),
    test: { file: address, pattern: 'whose address is another person’s' },
  },
  {
    name: 'preflight-zone',
    without: 'the address is above the barcode and in its box',
    edits: one(
      'preflight/address-check.ts',
      'const outside = lines.filter(({ whole }) => !holds(zone, whole));',
      'const outside = lines.filter(({ whole }) => isEmpty(whole) && !holds(zone, whole));',
    ),
    test: { file: address, pattern: 'is moved down into the barcode' },
  },
  {
    name: 'preflight-size',
    without: 'the address is large enough to be read',
    edits: one('preflight/address-check.ts', 'if (printed < least - 0.05)', 'if (printed < 0)'),
    test: { file: address, pattern: 'is scaled to nothing' },
  },
  {
    name: 'preflight-covered',
    without: 'nothing is drawn over the address',
    edits: one(
      'preflight/address-check.ts',
      'if (cover !== undefined) {',
      "if (cover?.kind === 'line') {",
    ),
    test: { file: address, pattern: 'lies behind a white rectangle' },
  },
  {
    name: 'preflight-cut-off',
    without: 'nothing clips the address',
    edits: one(
      'preflight/address-check.ts',
      'if (!holds(grown(line.seen, 0.3), line.whole))',
      'if (isEmpty(line.whole))',
    ),
    test: { file: address, pattern: 'is cut off' },
  },
  {
    name: 'preflight-pictures',
    without: 'a picture in the ink-free box is looked at',
    edits: one(
      'preflight/ink-check.ts',
      'else painted.push(one);',
      "else if (one.kind !== 'picture') painted.push(one);",
    ),
    test: { file: address, pattern: 'a template with a picture in it' },
  },
  {
    name: 'preflight-ink',
    without: 'what is not white is ink',
    edits: one(
      'preflight/ink-within.ts',
      'if (darkest >= paper) continue;',
      'if (darkest >= 0) continue;',
    ),
    test: { file: address, pattern: 'a field that is too small' },
  },
  {
    name: 'preflight-empty-box',
    without: 'an empty box in place of a letter is seen in the print',
    edits: one('preflight/preflight.ts', 'text?.missing === true', 'text?.size === 0'),
    test: { file: letters, pattern: 'one person at a time' },
  },
  {
    name: 'preflight-fonts-stand-in',
    without: 'a font that was added is used for the letters that the first one lacks',
    edits: one('fonts.ts', 'facts.map(({ family }) => family)', '[facts[0]?.family ?? ""]'),
    test: { file: letters, pattern: 'by the font of the campaign that has them' },
  },
  {
    name: 'preflight-module',
    without: 'the modules of a QR code are large enough',
    edits: one(
      'preflight/code-check.ts',
      'if (module < smallestModule - 0.001)',
      'if (module < 0)',
    ),
    test: { file: codes, pattern: 'too dense for its size' },
  },
  {
    name: 'preflight-quiet-zone',
    without: 'four modules around a QR code are white',
    edits: one('preflight/code-check.ts', 'const quietModules = 4;', 'const quietModules = 0;'),
    test: { file: codes, pattern: 'crowded by a caption' },
  },
  {
    name: 'preflight-whole-code',
    without: 'nothing clips a QR code',
    edits: one(
      'preflight/code-check.ts',
      'if (!holds(grown(code.seen, 0.2), code.whole))',
      'if (isEmpty(code.whole))',
    ),
    test: { file: codes, pattern: 'one that is clipped' },
  },
  {
    name: 'preflight-scaled-code',
    without: 'a QR code is as large as it was asked for',
    edits: one('preflight/code-check.ts', 'if (size < smallestCode - 0.1)', 'if (size < 0)'),
    test: { file: codes, pattern: 'one that is scaled down' },
  },
];
