/** Lob: prints and posts cards in the US. */
import type { Provider } from '../kit/provider.ts';
import { lobAccount } from './account.ts';
import { formats, longestLines, longestName, mailClasses } from './formats.ts';
import { lobOptions } from './options.ts';
import { createLobPrinter } from './printer.ts';

export { createLobPrinter, lobAccount };

export const lob = {
  kind: 'lob',
  title: 'Lob: postcards in the US, from an account of your own',
  connection: lobAccount,
  formats,
  mailClasses,
  longestAddressLine: () => longestLines,
  longestName: () => longestName,
  printer: { options: lobOptions, create: createLobPrinter },
} as const satisfies Provider;
