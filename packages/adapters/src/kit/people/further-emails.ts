/** Further e-mail columns of a person: each address in them is a key, as in the first one. */
import { readEmails } from '@postrider/core/ports';
import type { Note } from '@postrider/core/ports';
import type { ColumnPlan } from './columns.ts';
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
    if (read.unread === null) continue;
    const column = plan.names[index] ?? '';
    notes.push(
      read.addresses.length === 0
        ? {
            column,
            reason: 'email_not_used',
            message: `Column "${column}" is not an e-mail address, and was left out: ${quote(cell)}.`,
          }
        : {
            column,
            reason: 'email_partly_read',
            message: `Column "${column}" was read as ${read.addresses.join(', ')}; this in it is no address: ${quote(read.unread)}.`,
          },
    );
  }
  return { addresses, notes };
}
