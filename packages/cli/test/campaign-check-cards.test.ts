import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bakeryPlace } from './places.ts';
import { cli } from './cli.ts';

describe('the list and the template of a campaign file, before it is applied', () => {
  const at = bakeryPlace();
  const { folder, spoiled } = at;

  it('refuses a list or a template that would stop every card, with line and column', async () => {
    writeFileSync(
      join(folder, 'broken.typ'),
      '#let front(card) = {\n  rect(wdith: 3pt)\n}\n#let back(card) = []\n',
    );
    writeFileSync(join(folder, 'binary.csv'), Buffer.from([0, 1, 2, 3, 0xff, 0, 10, 0, 7]));
    writeFileSync(
      join(folder, 'colour.typ'),
      '#let front(card) = [#card.colour]\n#let back(card) = []\n',
    );
    writeFileSync(
      join(folder, 'nobody.typ'),
      '#let front(card) = [Hello]\n#let back(card) = [Bring this card.]\n',
    );
    for (const [name, from, to, told] of [
      [
        'nobody.yaml',
        'postcard.typ',
        'nobody.typ',
        /nobody\.yaml:\d+:3: renderer\.template: the back has no address/,
      ],
      [
        'list.yaml',
        'path: customers.csv',
        'path: custmers.csv',
        /list\.yaml:\d+:3: audience\.path: .*custmers\.csv: no such file/,
      ],
      [
        'binary.yaml',
        'path: customers.csv',
        'path: binary.csv',
        /binary\.yaml:\d+:3: audience\.path: the list cannot be read: .*binary\.csv/,
      ],
      [
        'card.yaml',
        'postcard.typ',
        'broken.typ',
        /card\.yaml:\d+:3: renderer\.template: .*broken\.typ:2:\d+/,
      ],
      [
        'field.yaml',
        'postcard.typ',
        'colour.typ',
        /renderer\.template: none of the first \d+ cards can be made; .*"colour" is blank or missing/,
      ],
    ] as const) {
      const run = await cli(at.place, [
        'campaign',
        'apply',
        spoiled(name, (text) => text.replace(from, to)),
      ]);
      assert.equal(run.code, 78, run.stderr);
      assert.match(run.stderr, told);
    }
    assert.equal((await at.machine.sql`select from postrider.organization`).length, 0);
  });

  it('takes a list that comes later where that is said, and still looks at the template', async () => {
    const later = ['campaign', 'apply', '--dry-run', '--list-later'];
    const list = (text: string): string =>
      text.replace('path: customers.csv', 'path: tomorrow.csv');
    const run = await cli(at.place, [...later, spoiled('later.yaml', list)]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /warning: the list cannot be read: .*tomorrow\.csv: no such file/);
    assert.match(run.stdout, /can be applied/);
    const broken = await cli(at.place, [
      ...later,
      spoiled('later-broken.yaml', (text) => list(text).replace('postcard.typ', 'broken.typ')),
    ]);
    assert.equal(broken.code, 78, broken.stderr);
    assert.match(broken.stderr, /renderer\.template: .*broken\.typ:2:\d+/);
  });

  it('warns of some cards that cannot be set, and of an audience that nobody is read from', async () => {
    const some = spoiled('some.yaml', (text) => text.replace('postcard.typ', 'some.typ'));
    writeFileSync(
      join(folder, 'some.typ'),
      '#import "postrider.typ": *\n' +
        '#let front(card) = { assert(card.reference == card.reference); ' +
        '[x] }\n#let back(card) = if card.firstName.starts-with("A") { panic("no A") } else ' +
        '{ address-block(card) }\n',
    );
    const run = await cli(at.place, ['campaign', 'apply', '--dry-run', some]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /warning: the card of row \d+ cannot be made: .*no A/);
    const unread = spoiled('unread.yaml', (text) =>
      text.replace(/^segment: .*\n/m, '').replace('mode: automated', 'mode: one_off'),
    );
    const nobody = await cli(at.place, ['campaign', 'apply', '--dry-run', unread]);
    assert.equal(nobody.code, 0, nobody.stderr);
    assert.match(
      nobody.stderr,
      /warning: audience: .*nobody comes from it until segment names one/,
    );
  });
});
