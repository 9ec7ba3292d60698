/** A header that was cut at another delimiter than that of the file. */
import { AudienceSourceError } from '@postrider/core/ports';

const delimiters = [
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars'],
] as const;

/** Such a header is one cell, with other delimiters in it. */
export function refuseOtherDelimiter(names: readonly string[]): void {
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
