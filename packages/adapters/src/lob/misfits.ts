/** What Lob does not print, found before it is asked. Nothing is cut in silence. */
import type { PieceRequest, SubmitResult } from '@postrider/core/ports';
import { notSent } from '../kit/orders.ts';
import { formats, longestLines, longestName, mailTypes } from './formats.ts';

/** Null: it can be sent. */
export function unsuitable({ format, mailClass, to }: PieceRequest): SubmitResult | null {
  if (!(formats as readonly string[]).includes(format))
    return notSent('unknown_format', `Lob prints no ${format}`, 'campaign');
  if (mailTypes[mailClass] === undefined)
    return notSent('unknown_mail_class', `Lob has no mail class ${mailClass}`, 'campaign');
  if (format === '4x6' && mailClass === 'standard')
    return notSent('class_of_format', 'Lob posts 4x6 by first class only', 'campaign');
  const { line1, line2, country } = to.address;
  if (country !== 'US')
    return notSent(
      'country_not_served',
      `this printer posts in the US only, not to ${country}`,
      'address',
    );
  const printed = [line1, line2 ?? ''].join(' ').trim().length;
  if (printed > longestLines)
    return notSent(
      'address_length_exceeds_limit',
      `both lines of the address have ${printed} letters, and Lob prints ${longestLines}`,
      'address',
    );
  if (to.name.length > longestName)
    return notSent(
      'name_too_long',
      `the name has ${to.name.length} letters, and Lob prints ${longestName}`,
      'address',
    );
  return null;
}
