/** Further e-mail columns of a person: each address in them is a key, as in the first one. */
import { readEmails } from '@postrider/core/ports';
import type { Note } from '@postrider/core/ports';
import type { ColumnPlan } from './column-plan.ts';
import { quote } from './quote.ts';

interface FurtherEmails {
  readonly addresses: readonly string[];
  readonly notes: readonly Note[];
}

/** A cell without "@" is nothing of this kind, and stays merge data. */
export function furtherEmails(plan: ColumnPlan, values: readonly string[]): FurtherEmails {
  const addresses: string[] = [];
  const notes: Note[] = [];
  for (const index of plan.otherEmails) {
    const cell = values[index] ?? '';
    if (!cell.includes('@')) continue;
    const read = readEmails(cell);
    addresses.push(...read.addresses);
    const note = emailNote(plan.names[index] ?? '', cell, read);
    if (note !== null) notes.push(note);
  }
  return { addresses, notes };
}

/** What could not be read of a cell with e-mail addresses; null: all of it was read. */
export function emailNote(
  column: string,
  cell: string,
  { addresses, unread }: Pick<ReturnType<typeof readEmails>, 'addresses' | 'unread'>,
): Note | null {
  if (unread === null) return null;
  return addresses.length === 0
    ? {
        column,
        reason: 'email_not_used',
        message: `Column "${column}" is not an e-mail address, and was left out: ${quote(cell)}.`,
      }
    : {
        column,
        reason: 'email_partly_read',
        message: `Column "${column}" was read as ${addresses.join(', ')}; this in it is no address: ${quote(unread)}.`,
      };
}
