/**
 * The judge is judged: a good mailing passes, and a person who is left out or gets too much is
 * found.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { loader } from '../support/loader.ts';
import { audit } from './auditor.ts';
import { CUSTOMER_COLUMNS } from './oracle.ts';
import { auditOf, card, cards, csv, found, inputs, scratch } from './small-mailing.ts';
import { printPdf, writeManifest } from './small-press.ts';

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
      csv([
        CUSTOMER_COLUMNS,
        [
          'C9',
          '',
          'Rufina',
          'Fink',
          '1 Oak Avenue',
          '',
          'Bath',
          'ME',
          '04530',
          'US',
          'rye',
          'BCDFGH9',
        ],
      ]),
    );
    const folder = join(scratch, 'ligature');
    const rufina = card(
      1,
      {
        firstName: 'Ru\u0001na',
        block: ['Ru\u0001na Fink', '1 Oak Avenue', 'Bath ME 04530'],
        code: 'BCDFGH9',
      },
      {
        name: 'Rufina Fink',
        line1: '1 Oak Avenue',
        city: 'Bath',
        region: 'ME',
        postal_code: '04530',
      },
    );
    printPdf(folder, 'cards.pdf', [rufina]);
    writeManifest(folder, [rufina.manifest]);
    const report = await audit({
      ...inputs,
      customers: withLigature,
      prints: folder,
      holdout: { percent: 0, salt: 'test' },
    });
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
      Object.assign(again.manifest, {
        piece_id: 'piece-4',
        mailpiece: 'mailpiece-4',
        card: '4',
        front_page: '7',
        back_page: '8',
      });
      return [...all, again];
    });
    found(report, /^a second card for C1; the first is cards.pdf #1$/);
  });

  test('a card twice in two batches', async () => {
    const report = await auditOf(() => undefined, {
      after: (folder) => {
        const [again] = cards();
        printPdf(join(folder, 'again'), 'cards.pdf', [again]);
        writeManifest(join(folder, 'again'), [
          { ...again.manifest, piece_id: 'p', mailpiece: 'm' },
        ]);
      },
    });
    found(report, /^a second card for C1/);
  });

  for (const [who, code, verdict] of [
    [
      'a suppressed person',
      'BCDFGH3',
      /^a card for C2, who must not get one: blacklisted \(suppressed\)$/,
    ],
    [
      'the second of a household',
      'BCDFGH4',
      /^a card for C3, who must not get one: skipped \(duplicate\)$/,
    ],
  ] as const) {
    test(`a card for ${who}`, async () => {
      const report = await auditOf((all) => {
        const block = ['Who Ever', '12 Main Street', 'Salem MA 01970'];
        const extra = card(4, { firstName: 'Who', block, code }, {});
        return [...all, extra];
      });
      found(report, verdict);
    });
  }

  test('a card for a row that was not to be mailed yet', async () => {
    found(
      await auditOf(() => undefined, { rows: 4 }),
      /^a card for C5, who must not get one: received \(not among the first 4\)$/,
    );
  });

  test('nobody is left out because a card has nobody’s code', async () => {
    const report = await auditOf(([ann]) => {
      if (ann !== undefined) ann.front = ['Welcome, Ann!'];
    });
    found(report, /^the front has no promo code/);
    found(report, /^no card for C1/);
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
    found(
      await auditOf(() => undefined, { after: (folder) => rmSync(join(folder, 'manifest.csv')) }),
      /^there is no manifest\.csv/,
    );
  });
});

describe('the command', () => {
  const run = async (
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> => {
    const command = [...loader, new URL('auditor.ts', import.meta.url).pathname, ...args];
    return promisify(execFile)(process.execPath, command).then(
      (output) => ({ code: 0, ...output }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  };
  const files = Object.entries(inputs).flatMap(([name, path]) => [`--${name}`, path]);

  test('tells by its exit code whether all is well', async () => {
    const folder = join(scratch, 'command');
    printPdf(folder, 'cards.pdf', cards());
    writeManifest(
      folder,
      cards().map((each) => each.manifest),
    );
    const good = await run(...files, '--prints', folder, '--holdout-percent', '0');
    assert.deepEqual([good.code, good.stdout], [0, '3 cards, 3 QR codes read, no problem\n']);
    const bad = await run(
      ...files,
      '--prints',
      folder,
      '--holdout-percent',
      '0',
      '--rows',
      '4',
      '--json',
    );
    assert.equal(bad.code, 1);
    assert.equal((JSON.parse(bad.stdout) as { problems: unknown[] }).problems.length, 1);
  });

  test('says what it cannot do', async () => {
    for (const [args, message] of [
      [files, /--prints are needed/],
      [[...files, '--prints', scratch, '--qr', 'some'], /--qr is all or sample, not some/],
      [[...files, '--prints', join(scratch, 'nowhere')], /the audit could not be made: .*nowhere/],
    ] as const) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });
});
