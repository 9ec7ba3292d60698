/** What of a list is no fault, and most likely not meant so. */
import type { ListFindings } from './list-sample.ts';

/** One sentence each, for who applies the campaign. */
export function oddities({ fields, sample }: ListFindings): readonly string[] {
  const warnings: string[] = [];
  const named = /^(?:name|firstName|lastName)$/;
  const isAddressed = fields?.some(({ role }) => role === 'line1') === true;
  if (isAddressed && sample.rows > 0 && !fields.some(({ role }) => named.test(role ?? ''))) {
    const left = fields.filter(({ role }) => role === null).map(({ field }) => `"${field}"`);
    warnings.push(
      'no column holds a name, so that no card has one' +
        (left.length === 0
          ? ''
          : `: where it is one of ${left.join(', ')}, say so, as columns: { name: … }`),
    );
  }
  if (sample.sharedEmail > 0) {
    const column = fields?.find(({ role }) => role === 'email')?.field;
    warnings.push(
      `${sample.sharedEmail} of ${sample.rows} rows have one and the same e-mail` +
        (column === undefined ? '' : ` in the column "${column}"`) +
        ', and are one person by it: where it is somebody else’s, say columns: { email: null }',
    );
  }
  return warnings;
}
