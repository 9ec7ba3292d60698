import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codesIn, linesOf, squash, standsAsBlock, standsAsWords } from './text.ts';

describe('squash', () => {
  test('takes ligatures apart, composes letters, drops blanks and commas', () => {
    assert.equal(squash('ﬁlippa  Saﬂor,\u00a0Jr.'), 'filippaSaflorJr.');
    assert.equal(squash('Jose\u0301'), squash('José'));
    assert.equal(squash('Smith\u2010Jones soft\u00adhyphen'), 'Smith-Jonessofthyphen');
  });

  test('keeps case, hyphens and every other letter', () => {
    assert.notEqual(squash('Le Roy'), squash('le roy'));
    assert.notEqual(squash('Smith-Jones'), squash('SmithJones'));
    assert.notEqual(squash('Weiß'), squash('Weiss'));
    assert.notEqual(squash('Łucja'), squash('Lucja'));
  });
});

describe('standsAsBlock', () => {
  const page = 'Flour & Field\r\nAnn Lee\r\n11 Main Street, #4\r\nSalem MA 01970\r\nref 7';

  test('takes whole neighbouring lines, however the parts are broken over them', () => {
    assert.ok(standsAsBlock(page, ['Ann Lee', '11 Main Street', '#4', 'Salem MA 01970']));
    assert.ok(standsAsBlock(page, ['Ann Lee']));
  });

  test('does not take part of a line, other lines between, or another order', () => {
    assert.ok(!standsAsBlock(page, ['Lee']));
    assert.ok(!standsAsBlock(page, ['1 Main Street, #4']));
    assert.ok(!standsAsBlock(page, ['Ann Lee', 'Salem MA 01970']));
    assert.ok(!standsAsBlock(page, ['11 Main Street', '#4', 'Ann Lee']));
    assert.ok(!standsAsBlock(page, ['Salem MA 0197']));
    assert.ok(!standsAsBlock(page, ['']));
    assert.ok(!standsAsBlock('', ['Ann Lee']));
  });

  test('a hyphen at the end of a line may be the name’s or the typesetter’s', () => {
    assert.ok(standsAsBlock('Ann Smith\u0002Jones\r\n', ['Ann Smith-Jones']));
    assert.ok(standsAsBlock('Ann Silver\u0002brook\r\n', ['Ann Silverbrook']));
    assert.ok(!standsAsBlock('Ann Silver-brook\r\n', ['Ann Silverbrook']));
  });
});

describe('standsAsWords', () => {
  test('needs the name by itself', () => {
    assert.ok(standsAsWords('Welcome, Le!', 'Le'));
    assert.ok(!standsAsWords('Welcome, Leon!', 'Le'));
    assert.ok(!standsAsWords('Café Élan', 'lan'));
    assert.ok(standsAsWords('Hello Anneliese\r\nPhilippa', 'Anneliese Philippa'));
  });

  test('takes code and signs as they are', () => {
    for (const name of [
      '#panic("x")',
      '*bold* _it_',
      '$x$',
      '[#sys.version]',
      '\\u{41} \\',
      '// gone',
      'Jo--Ann...',
      "=cmd|' /C calc'!A0",
      '+1',
      'Zoë-Mae',
    ]) {
      assert.ok(standsAsWords(`Welcome, ${name}!`, name), name);
      assert.ok(!standsAsWords('Welcome, friend!', name), name);
    }
  });
});

test('linesOf leaves out blank lines', () => {
  assert.deepEqual(linesOf('a b\r\n \r\nc'), ['ab', 'c']);
});

test('codesIn finds codes with gaps between their letters, each once', () => {
  const codes = new Map([
    ['BCDFGH2', 1],
    ['BCDFGH3', 2],
  ]);
  assert.deepEqual(codesIn('Show B C D F G H 2 or BCDFGH2', codes, 7), ['BCDFGH2']);
  assert.deepEqual(codesIn('BCDFGH3 BCDFGH2', codes, 7), ['BCDFGH3', 'BCDFGH2']);
  assert.deepEqual(codesIn('BCDFGH', codes, 7), []);
});
