/** The header line of a file: what cannot be one, and which column it says is what. */
import { AudienceSourceError } from '@postrider/core/ports';
import { columnOf, type ColumnPlan } from './column-plan.ts';
import { planColumns, type ColumnOptions } from './columns.ts';
import { named } from './named-columns.ts';

/** Checks the header of a file. Throws `AudienceSourceError` with what, where and a hint. */
export function planHeader(
  header: readonly string[],
  options: ColumnOptions,
  needsExternalId: boolean,
): ColumnPlan {
  const names = header.map((name) => name.normalize('NFC').trim());
  while (names.length > 0 && names.at(-1) === '') names.pop();
  const unnamed = names.indexOf('');
  if (unnamed >= 0)
    throw new AudienceSourceError(
      `column ${unnamed + 1} has no name (line 1); give each column a name or delete it`,
    );
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (name.includes('\uFFFD')) {
      throw new AudienceSourceError(
        `the name of column ${index + 1} is not UTF-8 (line 1); save the file as UTF-8, ` +
          'or set encoding: windows-1252',
      );
    }
    if (name.includes('\0'))
      throw new AudienceSourceError(
        `the name of column ${index + 1} has a NUL byte (line 1); is this a text file?`,
      );
    const key = name.toLowerCase();
    const first = seen.get(key);
    if (first !== undefined) {
      throw new AudienceSourceError(
        `columns ${first + 1} and ${index + 1} are both named "${name}" (line 1); ` +
          'rename or delete one of them',
      );
    }
    seen.set(key, index);
  }
  refuseOtherDelimiter(names);
  const plan = planColumns(names, options, true);
  if (plan.at.externalId === undefined && needsExternalId) {
    const byEmail = columnOf(plan, 'email');
    const email =
      byEmail === null ? '' : `, as columns: ${JSON.stringify({ externalId: byEmail })}`;
    throw new AudienceSourceError(
      `no column holds the id of a person (line 1 has ${named(names)}); if line 1 is a person, ` +
        `add a header line, else name the column with columns.externalId${email}`,
    );
  }
  if (plan.fault !== null) throw new AudienceSourceError(`${plan.fault.message} (line 1)`);
  if (plan.at.email === undefined && plan.at.line1 === undefined) {
    throw new AudienceSourceError(
      `neither an e-mail nor an address column was found (line 1 has ${named(names)}); ` +
        'name them with columns.email or columns.line1, city, region, postalCode',
    );
  }
  return plan;
}

/** A header that was cut at another delimiter than that of the file. */
const delimiters = [
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars'],
] as const;

/** Such a header is one cell, with other delimiters in it. */
function refuseOtherDelimiter(names: readonly string[]): void {
  const [only = ''] = names;
  if (names.length !== 1) return;
  for (const [delimiter, plural] of delimiters) {
    const times = only.split(delimiter).length - 1;
    if (times > 1)
      throw new AudienceSourceError(
        `line 1 is one cell with ${times} ${plural} in it, "${only.slice(0, 60)}…": ` +
          'leave delimiter out, or name the one that stands between the columns',
      );
  }
}

/** Why a first line of one cell is no header: another line has several; null where none has. */
export function titleLine(cells: readonly string[], head: string): string | null {
  const [title = '', ...others] = cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
  if (title === '' || others.length > 0 || /[,;\t|].*[,;\t|]/.test(title)) return null;
  const lines = head.split(/\r\n|\n|\r/).slice(0, 10);
  const wide = lines.findIndex(
    (line) => !line.includes(title) && /(?:[^,]*,){2}|(?:[^;]*;){2}|(?:[^\t]*\t){2}/.test(line),
  );
  return wide < 1
    ? null
    : `no column holds the id of a person (line 1 has ${named([title])}, which is a title and no ` +
        `header): the columns seem to be named in line ${wide + 1}; delete the lines before it`;
}
