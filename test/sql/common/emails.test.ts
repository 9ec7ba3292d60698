/**
 * Which addresses stand in an e-mail cell. TypeScript reads cells to tell of their rows, SQL to
 * know people: a difference would be a person whom an opt-out misses.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emailKey, readEmails } from '@postrider/core/ports';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine();

/** What a cell holds: its addresses, and what is left over of it. */
const cells: Readonly<Record<string, readonly [readonly string[], string | null]>> = {
  'ann@example.com': [['ann@example.com'], null],
  'ann@example.com; ann.work@example.com': [['ann@example.com', 'ann.work@example.com'], null],
  'ann@example.com,bob@example.com;ANN@example.com': [['ann@example.com', 'bob@example.com'], null],
  'ann@example.com\r\nbob@example.com': [['ann@example.com', 'bob@example.com'], null],
  'ann@example.com / bob@example.com | c@example.com': [
    ['ann@example.com', 'bob@example.com', 'c@example.com'],
    null,
  ],
  'ann@example.com and bob@example.com': [['ann@example.com', 'bob@example.com'], null],
  'ann@example.com bob@example.com': [['ann@example.com', 'bob@example.com'], null],
  'ann@example.com、bob@example.com；c@example.com': [
    ['ann@example.com', 'bob@example.com', 'c@example.com'],
    null,
  ],
  'ann@example.com، bob@example.com؛c@example.com': [
    ['ann@example.com', 'bob@example.com', 'c@example.com'],
    null,
  ],
  'ann@example.com – bob@example.com → c@example.com': [
    ['ann@example.com', 'bob@example.com', 'c@example.com'],
    null,
  ],
  '%20ann%2Btag@example.com%20': [['ann+tag@example.com'], null],
  '["ann@example.com","bob@example.com"]': [['ann@example.com', 'bob@example.com'], null],
  'Ben Bay <ben@example.com>': [['ben@example.com'], null],
  '"Bay, Ben" <ben@example.com>; Ash, Ann <ann@example.com>': [
    ['ben@example.com', 'ann@example.com'],
    null,
  ],
  '"ben@example.com" <ben@example.com>': [['ben@example.com'], null],
  'ben@work.example <ben@home.example>': [['ben@work.example', 'ben@home.example'], null],
  '&lt;ben@example.com&gt;': [['ben@example.com'], null],
  'ben&#64;example.com': [['ben@example.com'], null],
  'mailto:cat@example.com': [['cat@example.com'], null],
  'MAILTO:cat%40example.com?subject=Hi%20there': [['cat@example.com'], null],
  'mailto:cat@example.com?cc=ben@example.com': [['cat@example.com', 'ben@example.com'], null],
  'mailto:cat@example.com?subject=Hi&CC=ben%40example.com&bcc=dan@example.com%2Ceve@example.com': [
    ['cat@example.com', 'ben@example.com', 'dan@example.com', 'eve@example.com'],
    null,
  ],
  'mailto:?to=cat@example.com&amp;cc=ben@example.com': [
    ['cat@example.com', 'ben@example.com'],
    null,
  ],
  '📧 ann@example.com': [['ann@example.com'], null],
  '📧ann@example.com📱': [['ann@example.com'], null],
  '¿ann@example.com?': [['ann@example.com'], null],
  "b'ann@example.com'": [['ann@example.com'], null],
  "[b'ann@example.com', b'bob@example.com']": [['ann@example.com', 'bob@example.com'], null],
  'b@example.com': [['b@example.com'], null],
  'cc=cat@example.com': [['cc=cat@example.com'], null],
  'email=cat@example.com': [['cat@example.com'], null],
  'cat@example.com\\nben@example.com': [['cat@example.com', 'ben@example.com'], null],
  'Cat \\u003ccat@example.com\\u003e\\u003B ben\\u0040example.com': [
    ['cat@example.com', 'ben@example.com'],
    null,
  ],
  'Ben Bay &lt;ben@example.com&gt;': [['ben@example.com'], null],
  '%3Ccat@example.com%3E': [['cat@example.com'], null],
  'cat@example.com&#59;ben@example.com&#x2C;dan@example.com': [
    ['cat@example.com', 'ben@example.com', 'dan@example.com'],
    null,
  ],
  '[cat@example.com](mailto:cat@example.com)': [['cat@example.com'], null],
  'E-Mail: cat@example.com': [['cat@example.com'], null],
  'SMTP:cat@example.com': [['cat@example.com'], null],
  'dan@example.com.': [['dan@example.com'], null],
  'dan@example.com,': [['dan@example.com'], null],
  'dan@example.com;;': [['dan@example.com'], null],
  '- dan@example.com !': [['dan@example.com'], null],
  '**dan@example.com**': [['dan@example.com'], null],
  'eve@example.com (home)': [['eve@example.com'], null],
  'eve@example.com (home), eve2@example.com (work)': [
    ['eve@example.com', 'eve2@example.com'],
    null,
  ],
  '(eve@example.com)': [['eve@example.com'], null],
  'eve(her own)@example.com': [['eve@example.com'], null],
  "'gil@example.com'": [['gil@example.com'], null],
  '“gil@example.com”': [['gil@example.com'], null],
  '‘gil@example.com’': [['gil@example.com'], null],
  '´gil@example.com´': [['gil@example.com'], null],
  'hal @example.com': [['hal@example.com'], null],
  'hal@ example.com': [['hal@example.com'], null],
  'hal@example .com': [['hal@example.com'], null],
  'lou\u200b@exam\u00adple.com\ufeff': [['lou@example.com'], null],
  '\u202alou@example.com\u202c': [['lou@example.com'], null],
  '\u00a0lou@example.com\u3000': [['lou@example.com'], null],
  'ｌｏｕ＠ｅｘａｍｐｌｅ．ｃｏｍ': [['lou@example.com'], null],
  "o'brien@example.com": [["o'brien@example.com"], null],
  'o’brien@example.com': [["o'brien@example.com"], null],
  'first.last+tag@mail.example.co.uk': [['first.last+tag@mail.example.co.uk'], null],
  '_x_@example.com': [['_x_@example.com'], null],
  '_x@example.com': [['_x@example.com'], null],
  '_ann@example.com_': [['ann@example.com'], null],
  '__ann@example.com__, **_bob@example.com_**': [['ann@example.com', 'bob@example.com'], null],
  '"ann"@example.com': [['ann@example.com'], null],
  '“ann.ash” @example.com; Bob <"bob"@example.com>': [
    ['ann.ash@example.com', 'bob@example.com'],
    null,
  ],
  "'ann'@example.com": [['ann@example.com'], null],
  'r&d@example.com': [['r&d@example.com'], null],
  'jo@bücher.example': [['jo@bücher.example'], null],
  '用户@例え。テスト': [['用户@例え.テスト'], null],
  'jo@xn--bcher-kva.example, JO@BÜCHER.example': [['jo@xn--bcher-kva.example'], null],

  'Ben <ben@example.com>, mary jane@example.com': [['ben@example.com', 'jane@example.com'], 'mary'],
  'ann@example.com Ben <ben@example.com>': [['ann@example.com', 'ben@example.com'], 'Ben'],
  'ann@example.com, Ben <ben@example.com> Cat <cat@example.com>': [
    ['ann@example.com', 'ben@example.com', 'cat@example.com'],
    null,
  ],
  '<ben@example.com> at home': [['ben@example.com'], 'at home'],
  'mary jane@example.com': [['jane@example.com'], 'mary'],
  'ann@example.com; at home': [['ann@example.com'], 'at home'],
  'ann@example.com; bob@': [['ann@example.com'], 'bob@'],
  'old ann@example.com new bob@example.com': [['ann@example.com', 'bob@example.com'], 'old new'],
  'ann@example@com.com': [[], 'ann@example@com.com'],
  'ann@example.com@': [[], 'ann@example.com@'],
  'ann@localhost': [[], 'ann@localhost'],
  'ann.example.com': [[], 'ann.example.com'],
  'ann (at) example.com': [[], 'ann example.com'],
  '"ann ash"@example.com': [[], '@example.com'],
  '@example.com': [[], '@example.com'],
  'a@b..com': [[], 'a@b..com'],
  '\ufffdlise@example.com': [[], '\ufffdlise@example.com'],
  'n/a': [[], 'n a'],
  '(none)': [[], '(none)'],
  '-': [[], '-'],
  '@': [[], '@'],
  '': [[], null],
  ' \u200b ': [[], null],
};

interface Read {
  readonly addresses: string[];
  readonly keys: string[];
  readonly unread: string | null;
}

async function readBySql(texts: readonly string[]): Promise<Read[]> {
  const rows = await rig.sql<Read[]>`
    select r.addresses, r.keys, r.unread
    from unnest(${texts as string[]}::text[]) with ordinality as t (text, n)
    cross join lateral postrider.read_emails(t.text) r
    order by t.n`;
  return [...rows];
}

void test('every address in an e-mail cell is read, and what is none is left over', async () => {
  const texts = Object.keys(cells);
  const bySql = await readBySql(texts);
  for (const [i, text] of texts.entries()) {
    const [addresses, unread] = cells[text] ?? assert.fail();
    assert.deepEqual(readEmails(text), { addresses, unread }, JSON.stringify(text));
    const { addresses: found, unread: left } = bySql[i] ?? assert.fail();
    assert.deepEqual([found, left], [addresses, unread], `by SQL: ${JSON.stringify(text)}`);
  }
});

void test('a cell that is made of what people write is read alike in TypeScript and in SQL', async () => {
  // Each on a line by kind: addresses, marks, what separates, words.
  const parts = [
    'ann@example.com ÉLISE@Exämple.com σοφίας@παράδειγμα.ελ ИРА@пример.рф x@y @',
    'jo@xn--bcher-kva.example jo@xn--a.example jo@XN--E1AFMKFD.xn--p1ai İ@İ.tr ẞ@ß.de',
    '< > " \' “ ” ( ) [ ] , ; : . / | ? ! & - _ + = * %40 &lt; &#59; %3E \\n \\u003c ＠ ． ´ 。 \\',
    'mailto: ?cc= &bcc= &subject= "ann" Ann and home \ufffd \u0301 😀',
  ]
    .flatMap((kind) => kind.split(' '))
    .concat(' ', '\n', '\t', '\u00a0', '\u200b', '\ufeff', '\u2028', '\u0085');
  let seed = 20_261_130;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const texts = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 1 + next(7) }, () => parts[next(parts.length)] ?? '').join(''),
  );
  const bySql = await readBySql(texts);
  for (const [i, text] of texts.entries()) {
    const { addresses, unread } = readEmails(text);
    for (const email of addresses)
      assert.deepEqual(
        readEmails(email).addresses.map(emailKey),
        [emailKey(email)],
        `read again: ${JSON.stringify(email)}`,
      );
    assert.deepEqual(
      bySql[i],
      { addresses, unread, keys: addresses.map(emailKey) },
      JSON.stringify(text),
    );
  }
});

void test('an address is known by one key in capitals and in small letters, in any script and by any server', async () => {
  const { sql } = rig;
  const letters = Array.from({ length: 0x2000 }, (_, code) => String.fromCodePoint(code)).filter(
    (letter) =>
      /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}]/u.test(letter),
  );
  const large = letters.filter((letter) => letter.toLowerCase() !== letter && letter !== 'Ᲊ');
  assert.ok(large.length > 500);
  const rows = await sql<{ large: string; keys: string[] }[]>`
    select t.letter as large, array[
      postrider.email_key(t.letter || 'x@example.com'),
      postrider.email_key(lower(t.letter collate "C") || 'x@example.com')] as keys
    from unnest(${large}::text[]) as t (letter)`;
  const unlike = rows.filter(
    ({ large: letter, keys }) => keys[0] !== emailKey(`${letter.toLowerCase()}x@example.com`),
  );
  assert.deepEqual(
    unlike.map(({ large: letter }) => letter).join(''),
    '',
    'letters whose key is another in capitals',
  );
});
