/**
 * What machines leave in a cell: refused, counted as blank, or mended; and names that look like it.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readCell } from '../../kit/people/cells.ts';
import type { Role } from '../../kit/people/column-plan.ts';

/** The value; `!` where it is refused. */
function read(role: Role, text: string, column = 'c'): string {
  const { value, fault } = readCell(role, { column, text });
  return fault === null ? value : '!';
}

function all(role: Role, texts: readonly string[], expected?: string): void {
  for (const text of texts) assert.equal(read(role, text), expected ?? text, `${role} ${text}`);
}

it('an error of a spreadsheet is refused in every language, and within a text', () => {
  all(
    'firstName',
    [
      '#ERROR!',
      '#REF',
      '#REF!',
      'Err:502',
      '#WERT!',
      '#BEZUG!',
      '#ZAHL!',
      '#VALEUR!',
      '#NOM?',
      '#¡REF!',
      '#¡VALOR!',
      '#NOMBRE?',
      '#NAAM?',
      '#UNKNOWN!',
      '#ЗНАЧ!',
      'Loading...',
      '=A2',
      '=A1&B1',
      '+A2',
      '=VLOOKUP(A2;B:C;2)',
    ],
    '!',
  );
  all('firstName', ['#NV', '#N/D', '#N/A'], '');
  all(
    'line1',
    ['12 Elm St #REF!', '#REF! Elm St', '12 Elm St, undefined, Boston', 'nan Elm St'],
    '!',
  );
  all('line1', ['12 Elm St #4', '12 Elm St #B', 'Nan Road 5', '12 Elm St # 4'], undefined);
  assert.equal(read('line1', '12 Elm St #N/A'), '12 Elm St');
});

it('a merge tag is known by the field between its signs, whatever the signs', () => {
  all(
    'firstName',
    [
      '«GreetingLine»',
      '«FirstName»',
      '{!Contact.FirstName}',
      '[subscriber:firstname]',
      '[contact.first_name]',
      '[fname]',
      '##FirstName##',
      '#FNAME#',
      '__FIRSTNAME__',
      '@FirstName@',
      '|FNAME|',
      '*FNAME*',
      '$firstname$',
      '%(first_name)s',
      '{0}',
      '%s',
      '{{name',
      '%1$s',
      ':first_name',
      '@@fname',
      '&first_name;',
      '~FirstName~',
      '<Vorname>',
      'Dear {{name}},',
      '{{ contact.first_name | default: "x" }}',
      '*|IF:FNAME|*',
    ],
    '!',
  );
  all('line1', ['[Street Address]', '[address1]', 'address1', 'Street Address'], '!');
  all('city', ['City', '[CITY]', '{city}'], '!');
  assert.equal(read('lastName', 'Nachname', 'Nachname'), '!', 'the header once more');
  all('lastName', [
    'No',
    'Land',
    'Via',
    'Rue',
    'First',
    '[Ash]',
    '(Al)',
    'Street',
    'Page',
    'Name-Li',
  ]);
  all('line1', [
    'Via Roma 5',
    'Rue',
    '[rear] 1 Elm St',
    '#4 Elm St',
    'City Road 5',
    '(rear) 1 Elm St',
  ]);
  assert.equal(read('firstName', '«Ann»'), 'Ann');
  assert.equal(read('firstName', '"Al"'), 'Al');
});

it('an escape is the letter that it stands for', () => {
  for (const [text, expected] of [
    ['Ann_x000D_', 'Ann'],
    ['Ann%20Lee', 'Ann Lee'],
    ['M%C3%BCller', 'Müller'],
    ['O%27Brien', "O'Brien"],
    ['M=C3=BCller', 'Müller'],
    ["O''Brien", "O'Brien"],
    ['M\\xfcller', 'Müller'],
    ["O'Brien", "O'Brien"],
    ['100% Ann', '100% Ann'],
  ] as const)
    assert.equal(read('lastName', text), expected, text);
  assert.equal(read('line1', '12 Elm St\\nApt 4'), '12 Elm St\nApt 4');
  assert.equal(read('line1', '12 Elm St_x000D_'), '12 Elm St');
});

it('UTF-8 that was read as another encoding is read again, or refused', () => {
  for (const [text, expected] of [
    ['MĂĽller', 'Müller'],
    ['JosĂ©', 'José'],
    ['РњР°СЂРёСЏ', 'Мария'],
    ['å±±ç”°', '山田'],
    ['Sã¸ren', 'Søren'],
    ['mã¼ller', 'müller'],
    ['Mï¿½ller', '!'],
    ['Ãrsted', '!'],
    ['ÐœÐ°Ñ€Ð¸Ñ', '!'],
    ['M³ller', '!'],
    ['Jos‚', '!'],
  ] as const)
    assert.equal(read('lastName', text), expected, text);
  all('lastName', [
    'São',
    'JOÃO',
    'Ângela',
    'Århus',
    'Łukasz',
    'Đorđe',
    'Þór',
    'Ðorður',
    'Мария',
    '山田',
    'Ñuñez',
    'Ăn',
    'Dvořák',
    'Ιωάννης',
    'Zoë',
  ]);
});

it('nothing is blank, and what was blotted out is refused', () => {
  all('lastName', ['(Null)', '[NULL]', '<NULL>', 'DBNull', 'nullnull', 'No Name', '(no name)'], '');
  all('line2', ['FALSE', '0', '0.0', 'N.A.', 'Apt undefined', 'Apt NULL', 'Unit nan'], '');
  all('lastName', ['***', 'A***'], '!');
  all('lastName', ['Null', 'Nan', 'True', 'Noname', 'N.A. Ash', 'Nil']);
  all('line2', ['Apt 0', '0A', 'Apt Nan', 'False Bay']);
  assert.equal(read('lastName', 'NULL Smith'), 'Smith');
  assert.equal(read('name', 'nan li'), 'nan li');
});

it('a date is no unit, and a number is no name', () => {
  all('line2', ['4-Jan', 'Jan-04', '2024-01-04', '1/4/2024', '04-May', '3/4/2026 0:00'], '!');
  all('line1', ['4-Jan Elm St', '+44 20 7946 0958', '6175550123'], '!');
  all('firstName', ['6175550123', '+44 20 7946 0958', '12345', '2024-01-01'], '!');
  all('firstName', ['May', 'April', 'Jan', 'June', 'August', 'Mai']);
  all('line2', ['4-1', '4/1', 'Apt 4-J', '1-4 Jansen House', 'Box 12345', '12345']);
  all('line1', [
    '4 January Rd',
    '12-Marble St',
    '8-Augusta Ave',
    '1. Mai Straße 5',
    '8. Mai Platz 3',
    '12-14 May St',
    '1 May St',
    '12345',
  ]);
});
