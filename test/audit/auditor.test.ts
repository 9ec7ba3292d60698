/** The judge is judged: a clean mailing passes, and every single fault that is planted in it is found and named. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { audit, type AuditReport } from './auditor.ts';
import { CUSTOMER_COLUMNS } from './oracle.ts';
import { printPdf, writeManifest, type TestCard } from './small-press.ts';

const scratch = mkdtempSync(join(tmpdir(), 'audit-'));
after(() => rmSync(scratch, { recursive: true }));

// Row 2 to 6. Grace is suppressed, Sofia lives with Ann, and Mei is known by e-mail only.
const ROWS = [
  ['C1', 'ann@example.com', 'Ann', 'Griffin-Offley', '11 Main Street', '#4', 'Salem', 'MA', '01970', 'US', 'rye', 'BCDFGH2'],
  ['C2', 'grace@example.com', 'Grace', 'Osei', '12 Main Street', '', 'Salem', 'MA', '01970', 'US', 'rye', 'BCDFGH3'],
  ['C3', 'sofia@example.com', 'Sofía', 'Peña', '11 main st', 'Apt 4', 'Salem', 'MA', '01970', 'US', 'rye', 'BCDFGH4'],
  ['C4', 'mei@example.com', 'Mei', 'Park', '', '', '', '', '', '', 'rye', 'BCDFGH6'],
  ['C5', 'x@example.com', '#panic("x")', '=1+1', '9 Oak Avenue', '', 'Bath', 'ME', '4530', 'US', 'rye', 'BCDFGH7'],
];

const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map((cell) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')).join('\n');

const inputs = {
  customers: join(scratch, 'customers.csv'),
  suppressions: join(scratch, 'suppressions.csv'),
  addresses: join(scratch, 'addresses.csv'),
};
writeFileSync(inputs.customers, csv([CUSTOMER_COLUMNS, ...ROWS]));
writeFileSync(
  inputs.suppressions,
  'email,external_id,line1,line2,city,region,postal_code,country,reason\nGRACE@example.com,,,,,,,,letter\n',
);
writeFileSync(inputs.addresses, 'email,line1,line2,city,region,postal_code,country\nMEI@example.com,7 Elm Court,,Troy,VT,05868,US\n');

function card(index: number, firstName: string, block: string[], code: string, manifest: Record<string, string>): TestCard {
  return {
    front: ['Welcome,', `${firstName}!`, `Show ${code} in the shop`],
    back: block,
    qr: `https://bakery.example/c/${code}`,
    qrSize: 74,
    boxes: { Media: [0, 0, 450, 306], Bleed: [0, 0, 450, 306], Trim: [9, 9, 441, 297] },
    manifest: {
      piece_id: `piece-${index}`,
      mailpiece: `mailpiece-${index}`,
      file: 'cards.pdf',
      card: String(index),
      front_page: String(2 * index - 1),
      back_page: String(2 * index),
      line2: '',
      country: 'US',
      format: '4x6',
      mail_class: 'first_class',
      printed_at: '2026-03-01T12:00:00.000Z',
      ...manifest,
    },
  };
}

/** What a good printer makes of the input: three cards. */
function cards(): [TestCard, TestCard, TestCard] {
  return [
    card(1, 'Ann', ['Ann Griffin-Offley', '11 Main Street', '#4', 'Salem, MA  01970'], 'BCDFGH2', {
      name: 'Ann Griffin-Offley',
      line1: '11 Main Street',
      line2: '#4',
      city: 'Salem',
      region: 'MA',
      postal_code: '01970',
    }),
    card(2, 'Mei', ['Mei Park', '7 Elm Court', 'Troy VT 05868'], 'BCDFGH6', {
      name: 'Mei Park',
      line1: '7 Elm Court',
      city: 'Troy',
      region: 'VT',
      postal_code: '05868',
    }),
    card(3, '#panic("x")', ['#panic("x") =1+1', '9 Oak Avenue', 'Bath ME 04530'], 'BCDFGH7', {
      name: '#panic("x") =1+1',
      line1: '9 Oak Avenue',
      city: 'Bath',
      region: 'ME',
      postal_code: '04530',
    }),
  ];
}

let folders = 0;

/** Prints what `change` made of the good cards, and audits it. */
async function auditOf(
  change: (cards: TestCard[]) => TestCard[] | void,
  options: { rows?: number; qr?: 'sample'; after?: (folder: string) => void } = {},
): Promise<AuditReport> {
  const good = cards();
  const changed = change(good) ?? good;
  const folder = join(scratch, String((folders += 1)));
  printPdf(folder, 'cards.pdf', changed);
  writeManifest(
    folder,
    changed.map((each) => each.manifest),
  );
  options.after?.(folder);
  const { rows = null, qr = 'all' } = options;
  return audit({ ...inputs, prints: folder, rows, qr, holdout: { percent: 0, salt: 'test' } });
}

function found(report: AuditReport, what: RegExp): void {
  assert.equal(report.ok, false);
  assert.ok(
    report.problems.some((problem) => what.test(problem.what)),
    `not found: ${what}\n${JSON.stringify(report.problems, null, 1)}`,
  );
}

describe('a good mailing', () => {
  test('passes', async () => {
    const report = await auditOf(() => undefined);
    assert.deepEqual(report, { ok: true, cards: 3, codes: 3, problems: [] });
  });

  test('passes with ligatures, gaps and broken lines in its text', async () => {
    const report = await auditOf(([ann]) => {
      if (ann === undefined) return;
      ann.front = ['W e l c o m e', 'Ann', 'B C D F G H 2'];
      ann.back = ['Ann  Grif\u0001n-', 'Offley', '11   Main Street', '#4', 'Salem MA 01970'];
    });
    assert.deepEqual(report.problems, []);
  });

  test('passes with a ligature glyph in the first name', async () => {
    const withLigature = join(scratch, 'ligature.csv');
    writeFileSync(
      withLigature,
      csv([CUSTOMER_COLUMNS, ['C9', '', 'Rufina', 'Fink', '1 Oak Avenue', '', 'Bath', 'ME', '04530', 'US', 'rye', 'BCDFGH9']]),
    );
    const folder = join(scratch, 'ligature');
    const rufina = card(1, 'Ru\u0001na', ['Ru\u0001na Fink', '1 Oak Avenue', 'Bath ME 04530'], 'BCDFGH9', {
      name: 'Rufina Fink',
      line1: '1 Oak Avenue',
      city: 'Bath',
      region: 'ME',
      postal_code: '04530',
    });
    printPdf(folder, 'cards.pdf', [rufina]);
    writeManifest(folder, [rufina.manifest]);
    const report = await audit({ ...inputs, customers: withLigature, prints: folder, holdout: { percent: 0, salt: 'test' } });
    assert.deepEqual(report.problems, []);
  });

  test('passes over two batches with a manifest each', async () => {
    const report = await auditOf((all) => all.slice(0, 2), {
      after: (folder) => {
        const [, , third] = cards();
        Object.assign(third.manifest, { card: '1', front_page: '1', back_page: '2' });
        printPdf(join(folder, 'second'), 'cards.pdf', [third]);
        writeManifest(join(folder, 'second'), [third.manifest]);
      },
    });
    assert.deepEqual(report.problems, []);
  });
});

describe('who gets a card', () => {
  test('a missing card', async () => {
    const report = await auditOf((all) => all.slice(0, 2));
    found(report, /^no card for C5/);
    assert.deepEqual(
      report.problems.map(({ row }) => row),
      [6],
    );
  });

  test('a card twice in one file', async () => {
    const report = await auditOf((all) => {
      const again = cards()[0];
      Object.assign(again.manifest, { piece_id: 'piece-4', mailpiece: 'mailpiece-4', card: '4', front_page: '7', back_page: '8' });
      return [...all, again];
    });
    found(report, /^a second card for C1; the first is cards.pdf #1$/);
  });

  test('a card twice in two batches', async () => {
    const report = await auditOf(() => undefined, {
      after: (folder) => {
        const [again] = cards();
        printPdf(join(folder, 'again'), 'cards.pdf', [again]);
        writeManifest(join(folder, 'again'), [{ ...again.manifest, piece_id: 'p', mailpiece: 'm' }]);
      },
    });
    found(report, /^a second card for C1/);
  });

  for (const [who, code, verdict] of [
    ['a suppressed person', 'BCDFGH3', /^a card for C2, who must not get one: blacklisted \(suppressed\)$/],
    ['the second of a household', 'BCDFGH4', /^a card for C3, who must not get one: skipped \(duplicate\)$/],
  ] as const) {
    test(`a card for ${who}`, async () => {
      const report = await auditOf((all) => {
        const extra = card(4, 'Who', ['Who Ever', '12 Main Street', 'Salem MA 01970'], code, {});
        return [...all, extra];
      });
      found(report, verdict);
    });
  }

  test('a card for a row that was not to be mailed yet', async () => {
    found(await auditOf(() => undefined, { rows: 4 }), /^a card for C5, who must not get one: received \(not among the first 4\)$/);
  });

  test('nobody is left out because a card has nobody’s code', async () => {
    const report = await auditOf(([ann]) => {
      if (ann !== undefined) ann.front = ['Welcome, Ann!'];
    });
    found(report, /^the front has no promo code/);
    found(report, /^no card for C1/);
  });
});

describe('what stands on a card', () => {
  const faults: Record<string, [(card: TestCard) => void, RegExp]> = {
    'a wrong name on the back': [
      (ann) => (ann.back[0] = 'Anne Griffin-Offley'),
      /^the address field does not have the lines "Ann Griffin-Offley/,
    ],
    'a wrong name on the front': [(ann) => (ann.front[1] = 'Anna!'), /^the front does not greet "Ann"$/],
    'the letters of the name inside another word': [(ann) => (ann.front[1] = 'Annual offer'), /^the front does not greet/],
    'a house number that only ends alike': [(ann) => (ann.back[1] = '111 Main Street'), /^the address field does not have/],
    'a missing unit': [(ann) => ann.back.splice(2, 1), /^the address field does not have/],
    'a ZIP without its zero': [(ann) => (ann.back[3] = 'Salem MA 1970'), /^the address field does not have/],
    'a ZIP with more behind it': [(ann) => (ann.back[3] = 'Salem MA 019701'), /^the address field does not have/],
    'an upside-down order of lines': [(ann) => ann.back.reverse(), /^the address field does not have/],
    'another name in the manifest': [
      (ann) => (ann.manifest['name'] = 'Mei Park'),
      /^the manifest has name "Mei Park" instead of "Ann Griffin-Offley"$/,
    ],
    'another format in the manifest': [(ann) => (ann.manifest['format'] = '6x9'), /^the manifest has format/],
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
    'the codes of two people on the front': [(ann) => ann.front.push('BCDFGH6'), /^the front has the promo codes of several rows/],
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
    'a sheet without bleed': [{ Media: [0, 0, 432, 288] }, /its MediaBox is \[0 0 432 288\] instead of \[0 0 450 306\]/],
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
        writeManifest(folder, [...lines, { ...lines[0], piece_id: 'piece-9', mailpiece: 'mailpiece-9' }]);
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
    const report = await auditOf(() => undefined, { after: (folder) => printPdf(folder, 'left-over.pdf', [cards()[0]]) });
    found(report, /^left-over\.pdf page 1 is on no line/);
  });

  test('a PDF that is missing, and one that is broken', async () => {
    found(await auditOf(() => undefined, { after: (folder) => rmSync(join(folder, 'cards.pdf')) }), /^cards\.pdf cannot be read/);
    found(
      await auditOf(() => undefined, { after: (folder) => writeFileSync(join(folder, 'cards.pdf'), 'not a PDF') }),
      /^cards\.pdf cannot be read \(not a PDF that can be opened\); the manifest has 3 cards in it$/,
    );
  });

  test('more than 500 cards in one PDF', async () => {
    const [one] = cards();
    const report = await auditOf(() => undefined, {
      after: (folder) => printPdf(folder, 'thick.pdf', new Array<TestCard>(501).fill({ ...one, qr: null })),
    });
    found(report, /^thick\.pdf has 501 cards, more than 500$/);
  });
});

describe('the manifest', () => {
  for (const cell of ["=cmd|' /C calc'!A0", '+1', '-2', '@SUM(1)', '\tx']) {
    test(`a cell that a spreadsheet would run: ${JSON.stringify(cell)}`, async () => {
      found(
        await auditOf(([ann]) => {
          if (ann !== undefined) ann.manifest['line2'] = cell;
        }),
        /line 2: a spreadsheet would run the cell line2/,
      );
    });
  }

  test('the same cell behind an apostrophe is text, and compared as such', async () => {
    const report = await auditOf(([ann]) => {
      if (ann !== undefined) ann.manifest['line2'] = "'=1+1";
    });
    assert.deepEqual(
      report.problems.map(({ what }) => what),
      ['the manifest has line2 "=1+1" instead of "#4"'],
    );
  });

  test('an id that stands twice', async () => {
    found(
      await auditOf(([, mei]) => {
        if (mei !== undefined) mei.manifest['mailpiece'] = 'mailpiece-1';
      }),
      /^the mailpiece mailpiece-1 is also that of cards\.pdf #1$/,
    );
  });

  test('no manifest at all', async () => {
    found(await auditOf(() => undefined, { after: (folder) => rmSync(join(folder, 'manifest.csv')) }), /^there is no manifest\.csv/);
  });
});
