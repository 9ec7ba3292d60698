/** The judge is judged: every fault that is planted in a card or a sheet is found and named. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { auditOf, cards, found } from './small-mailing.ts';
import { printPdf, writeManifest, type TestCard } from './small-press.ts';

describe('what stands on a card', () => {
  const faults: Record<string, [(card: TestCard) => void, RegExp]> = {
    'a wrong name on the back': [
      (ann) => (ann.back[0] = 'Anne Griffin-Offley'),
      /^the address field does not have the lines "Ann Griffin-Offley/,
    ],
    'a wrong name on the front': [
      (ann) => (ann.front[1] = 'Anna!'),
      /^the front does not greet "Ann"$/,
    ],
    'the letters of the name inside another word': [
      (ann) => (ann.front[1] = 'Annual offer'),
      /^the front does not greet/,
    ],
    'a house number that only ends alike': [
      (ann) => (ann.back[1] = '111 Main Street'),
      /^the address field does not have/,
    ],
    'a missing unit': [(ann) => ann.back.splice(2, 1), /^the address field does not have/],
    'a ZIP without its zero': [
      (ann) => (ann.back[3] = 'Salem MA 1970'),
      /^the address field does not have/,
    ],
    'a ZIP with more behind it': [
      (ann) => (ann.back[3] = 'Salem MA 019701'),
      /^the address field does not have/,
    ],
    'an upside-down order of lines': [
      (ann) => ann.back.reverse(),
      /^the address field does not have/,
    ],
    'another name in the manifest': [
      (ann) => (ann.manifest['name'] = 'Mei Park'),
      /^the manifest has name "Mei Park" instead of "Ann Griffin-Offley"$/,
    ],
    'another format in the manifest': [
      (ann) => (ann.manifest['format'] = '6x9'),
      /^the manifest has format/,
    ],
    'no QR code': [(ann) => (ann.qr = null), /^no QR code can be read/],
    'the QR code of somebody else': [
      (ann) => (ann.qr = 'https://bakery.example/c/BCDFGH6'),
      /^the QR code leads to .*BCDFGH6 instead of .*BCDFGH2$/,
    ],
    'a QR code that leads elsewhere': [
      (ann) => (ann.qr = 'https://elsewhere.example/c/BCDFGH2'),
      /^the QR code leads to https:\/\/elsewhere/,
    ],
    'a QR code that is too small': [(ann) => (ann.qrSize = 50), /^the QR code is 17\.\d mm wide/],
    'the codes of two people on the front': [
      (ann) => ann.front.push('BCDFGH6'),
      /^the front has the promo codes of several rows/,
    ],
  };
  for (const [fault, [plant, what]] of Object.entries(faults)) {
    test(fault, async () => {
      found(
        await auditOf(([ann]) => {
          if (ann !== undefined) plant(ann);
        }),
        what,
      );
    });
  }

  test('two cards with each other’s QR codes', async () => {
    const report = await auditOf(([ann, mei]) => {
      if (ann !== undefined && mei !== undefined) [ann.qr, mei.qr] = [mei.qr, ann.qr];
    });
    assert.equal(report.problems.length, 2);
    found(report, /^the QR code leads to/);
  });

  test('a back that is another card’s', async () => {
    const report = await auditOf(([ann, mei]) => {
      if (ann !== undefined && mei !== undefined) [ann.back, mei.back] = [mei.back, ann.back];
    });
    assert.deepEqual(
      report.problems.map(({ row }) => row),
      [2, 5],
    );
  });

  test('a sample of the QR codes still reads every text', async () => {
    const report = await auditOf(
      (all) => {
        if (all[1] !== undefined) all[1].back[0] = 'May Park';
      },
      { qr: 'sample' },
    );
    assert.equal(report.codes, 2);
    found(report, /^the address field does not have the lines "Mei Park/);
  });
});

describe('the sheets', () => {
  const boxes: Record<string, [Partial<TestCard['boxes']>, RegExp]> = {
    'a sheet without bleed': [
      { Media: [0, 0, 432, 288] },
      /its MediaBox is \[0 0 432 288\] instead of \[0 0 450 306\]/,
    ],
    'a sheet that stands upright': [{ Media: [0, 0, 306, 450] }, /its MediaBox/],
    'a trim that is off': [{ Trim: [9, 9, 441, 300] }, /its TrimBox is \[9 9 441 300\]/],
    'no TrimBox': [{ Trim: null }, /it has no TrimBox/],
    'no BleedBox': [{ Bleed: null }, /it has no BleedBox/],
    'a bleed that is off': [{ Bleed: [9, 9, 441, 297] }, /its BleedBox/],
  };
  for (const [fault, [change, what]] of Object.entries(boxes)) {
    test(fault, async () => {
      found(
        await auditOf((all) => {
          if (all[2] !== undefined) Object.assign(all[2].boxes, change);
        }),
        what,
      );
    });
  }

  test('a card in the PDF that is on no line of the manifest', async () => {
    const report = await auditOf(() => undefined, {
      after: (folder) =>
        writeManifest(
          folder,
          cards()
            .slice(0, 2)
            .map((each) => each.manifest),
        ),
    });
    found(report, /^cards\.pdf page 5 is on no line of the manifest$/);
    found(report, /^no card for C5/);
  });

  test('two lines of the manifest for one card', async () => {
    const report = await auditOf(() => undefined, {
      after: (folder) => {
        const lines = cards().map((each) => each.manifest);
        writeManifest(folder, [
          ...lines,
          { ...lines[0], piece_id: 'piece-9', mailpiece: 'mailpiece-9' },
        ]);
      },
    });
    found(report, /^page 1 is also that of cards\.pdf #1$/);
    found(report, /^a second card for C1/);
  });

  test('pages that are not there', async () => {
    const report = await auditOf((all) => {
      if (all[2] !== undefined) Object.assign(all[2].manifest, { front_page: '7', back_page: '8' });
    });
    found(report, /^the manifest names pages 7 and 8 of 6$/);
  });

  test('a PDF that no manifest knows', async () => {
    const report = await auditOf(() => undefined, {
      after: (folder) => printPdf(folder, 'left-over.pdf', [cards()[0]]),
    });
    found(report, /^left-over\.pdf page 1 is on no line/);
  });

  test('a PDF that is missing, and one that is broken', async () => {
    found(
      await auditOf(() => undefined, { after: (folder) => rmSync(join(folder, 'cards.pdf')) }),
      /^cards\.pdf cannot be read/,
    );
    found(
      await auditOf(() => undefined, {
        after: (folder) => writeFileSync(join(folder, 'cards.pdf'), 'not a PDF'),
      }),
      /^cards\.pdf cannot be read \(not a PDF that can be opened\); the manifest has 3 cards in it$/,
    );
  });

  test('more than 500 cards in one PDF', async () => {
    const [one] = cards();
    const report = await auditOf(() => undefined, {
      after: (folder) =>
        printPdf(folder, 'thick.pdf', new Array<TestCard>(501).fill({ ...one, qr: null })),
    });
    found(report, /^thick\.pdf has 501 cards, more than 500$/);
  });
});
