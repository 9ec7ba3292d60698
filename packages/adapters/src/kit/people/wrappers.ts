/** What spreadsheets put around a value, or behind a number, to keep it or because they lost it. */
import type { CellRole } from './column-plan.ts';
import { wholeNumber } from './long-numbers.ts';

const formula = /^="((?:[^"]|"")*)"$/;
const quoted = /^[“”„«‟]([^“”„«»‟"]*)[“”»‟]$|^"([^"]+)"$/;

// Some programs put a backslash before a quote where CSV doubles it.
const escaped = /^"((?:[^"\\]|\\.)*\\"(?:[^"\\]|\\.)*)"$/;

/** `="02138"`: a formula that makes a text. It is never meant as it stands. */
export function unwrapFormula(value: string): string {
  const [, text] = formula.exec(value) ?? [];
  return text === undefined ? value : text.replaceAll('""', '"').trim();
}

/** The value of a cell that has a role; the same where there is nothing to unwrap. */
export function unwrap(role: CellRole, value: string): string {
  let text = unwrapFormula(value);
  const [, inner] = escaped.exec(text) ?? [];
  if (inner !== undefined) return inner.replaceAll('\\"', '"').trim();
  const [, curly, straight] = quoted.exec(text) ?? [];
  text = (curly ?? straight ?? text).trim();
  // An apostrophe before a digit says that the cell is text. Before a letter it is part of a name.
  if (/^['’][0-9]/.test(text) && !/['’]$/.test(text)) text = text.slice(1);
  if (role === 'externalId') return wholeNumber(text) ?? text.replace(/^([0-9]{1,15})\.0$/, '$1');
  // Odoo exports the names of its records: base.de, base.state_us_ma.
  if (role === 'country') return text.replace(/^base\.([a-z]{2})$/, '$1');
  if (role === 'region') return text.replace(/^base\.state_[a-z]{2}_([a-z]{2,3})$/, '$1');
  if (role !== 'postalCode' && role !== 'postalCodeSuffix') return text;
  text = wholeNumber(text) ?? text;
  return (
    text
      .replace(/^=([0-9]{3,9})$/, '$1')
      .replace(/^([0-9]{3,9})[.,]0+$/, '$1')
      .replace(/^([0-9]{1,3}),([0-9]{3})$/, '$1$2')
      // Parts of a ZIP that were joined although the second one was blank.
      .replace(/^([0-9]{3,5})-(?:0000)?$/, '$1')
  );
}
