/** Which column of a file is what, as its first rows show. */
import type { AudienceField } from '@postrider/core/ports';
import type { ColumnPlan } from './column-plan.ts';
import type { RowResult } from './row.ts';

const rowsRead = 50;

/** @param rows reads the file, and tells each set of columns as it is met. */
export async function fieldsOf(
  rows: (onPlan: (plan: ColumnPlan) => void) => AsyncIterable<RowResult>,
): Promise<readonly AudienceField[]> {
  const fields = new Map<string, AudienceField>();
  let read = 0;
  for await (const _ of rows(take)) if (++read >= rowsRead) break;
  return [...fields.values()];

  function take({ at, names, remarks, mail }: ColumnPlan): void {
    for (const [index, field] of names.entries()) {
      const ofMail = mail.find((column) => column.index === index);
      const [role = null] =
        ofMail === undefined
          ? Object.entries(at).flatMap(([one, where]) => (where === index ? [one] : []))
          : ['doNotMail'];
      const known = fields.get(field);
      // An object without a street says nothing of what its city is in the others.
      if (field === '' || (known !== undefined && known.role !== null)) continue;
      const remark = ofMail?.isConsent === true ? 'no means: not to be mailed' : null;
      fields.set(field, { field, role, remark: remark ?? remarks.get(index) ?? null });
    }
  }
}
