/**
 * Columns that say whether mail may go to a person: opt-outs of post, consents to it, deaths. Not
 * those that speak of e-mail, phone or SMS. Where a cell is neither yes nor no, the person is not
 * mailed, and it is told: to mail somebody who forbade it is worse than one card less.
 */
import type { Note } from '@postrider/core/ports';
import { readCell } from './cells.ts';
import { wordsOf } from './headings.ts';
import { quote } from './quote.ts';
import { saysConsent, saysNo, saysRefusal, saysYes } from './yes-or-no.ts';

export interface MailColumn {
  readonly index: number;
  /** Yes allows mail, and no forbids it. */
  readonly isConsent: boolean;
}

const mail =
  '(?:(?:direct|postal|paper|snail|physical|us)?mail(?:ings?|shots?)?|post|postal(?:marketing)?|' +
  'directmailmarketing|letters?)';
const optOut = new RegExp(
  '^(?:' +
    `(?:donot|dont)(?:send|receive|want)?${mail}|donotcontact(?:by${mail})?|dnm|` +
    `no${mail}|(?:requests?|wants?|receives?)no${mail}|` +
    `(?:optout|optedout)(?:of|from)?${mail}|${mail}(?:optout|optedout)|` +
    `unsubscribedfrom${mail}|(?:suppress|exclude|excludefrom)${mail}|` +
    `${mail}(?:suppress|suppressed|suppression|excluded)|` +
    'keine?post|keinebriefe|postsperre' +
    ')$',
);
const consent = new RegExp(
  '^(?:' +
    `accepts?${mail}|${mail}consent|consent(?:to|for)?${mail}|` +
    `${mail}(?:optin|optedin)|(?:optin|optedin)(?:to|for)?${mail}|` +
    `allows?${mail}|${mail}(?:allowed|permitted|ok)|ok(?:ay)?to${mail}|` +
    `(?:may|can|maybe|canbe)${mail}(?:ed)?|(?:receives?|wants?)${mail}` +
    ')$',
);
const death =
  /^(?:deceased|deceaseddate|datedeceased|dateofdeath|deathdate|died|dead|verstorben|decede|fallecido)$/;

const allowed = /^(?:given|accepted|allowed|permitted)$/i;

/** Words before such a heading that say nothing of it. */
const before = new Set(
  (
    'contact contacts customer person people member donor constituent supporter recipient client ' +
    'patron individual primary is has have the please privacy preference preferences ' +
    'communication marketing attributes properties fields traits custom npsp npe01 npo02 civicrm'
  ).split(' '),
);
const after = new Set('flag indicator yn y n'.split(' '));

/** What a heading says of mail; null: nothing. */
export function mailSense(name: string): 'forbids' | 'allows' | null {
  const words = wordsOf(name.replace(/^[a-z0-9]+__(?=\w\w)/i, ''));
  while (before.has(words[0] ?? '')) words.shift();
  while (words.length > 1 && after.has(words.at(-1) ?? '')) words.pop();
  const key = words.join('');
  if (optOut.test(key) || death.test(key)) return 'forbids';
  return consent.test(key) ? 'allows' : null;
}

export interface SaidOfMail {
  /** By which words the row says not to mail its person; null: it does not. */
  readonly because: string | null;
  readonly notes: readonly Note[];
}

/** What the cells of such columns say. Blank cells say nothing. */
export function readDoNotMail(
  columns: readonly MailColumn[],
  names: readonly string[],
  cells: readonly string[],
): SaidOfMail {
  const because: string[] = [];
  const notes: Note[] = [];
  for (const { index, isConsent } of columns) {
    const column = names[index] ?? '';
    const cell = readCell('doNotMail', { column, text: cells[index] ?? '' });
    notes.push(...cell.notes);
    const { value } = cell;
    if (value === '') continue;
    const allows = isConsent
      ? saysYes(value) || saysConsent(value) || allowed.test(value)
      : saysNo(value);
    if (allows) continue;
    if (isConsent ? saysNo(value) : saysYes(value)) because.push(`"${column}" is ${quote(value)}`);
    else if (saysRefusal(value)) because.push(`"${column}" is ${quote(value)}`);
    else {
      // The cell itself may be anything, and is told in a note alone: the history keeps this.
      because.push(`"${column}" is not ${isConsent ? '"yes"' : '"no"'}`);
      notes.push({
        column,
        reason: 'do_not_mail_unclear',
        message:
          `Column "${column}" holds ${quote(value)}, which is neither yes nor no: ` +
          'the person counts as one who is not to be mailed.',
      });
    }
  }
  return { because: because.length === 0 ? null : because.join('; '), notes };
}
