/**
 * What the cells of a row say of whether mail may go to its person. Where one is neither yes nor
 * no, the person is not mailed, and it is told: to mail somebody who forbade it is worse than one
 * card less.
 */
import type { Note } from '@postrider/core/ports';
import { readCell } from './cells.ts';
import type { MailColumn } from './mail-columns.ts';
import { quote } from './quote.ts';
import { saysConsent, saysNo, saysRefusal, saysYes } from './yes-or-no.ts';

const allowed = /^(?:given|accepted|allowed|permitted)$/i;

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
