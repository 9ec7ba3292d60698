/** Postcards typeset by typst, on this machine. */
import type { Provider } from '../kit/provider.ts';
import { formatNames, longestLine } from './formats.ts';
import { typstOptions } from './options.ts';
import { createTypstRenderer } from './renderer.ts';

export { createTypstRenderer };

export const typst = {
  kind: 'typst',
  title: 'Postcards from typst templates, as PDF',
  formats: formatNames,
  longestAddressLine: (format, { fonts }) =>
    longestLine(format, Array.isArray(fonts) ? fonts.map(String) : []),
  renderer: { options: typstOptions, create: createTypstRenderer },
} as const satisfies Provider;
