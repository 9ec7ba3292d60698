/** How a printer prints names and addresses, where it is not as they are. */
import { launchSample, type CampaignKey, type LaunchPreview } from '@postrider/core';
import { knownProviders } from '@postrider/adapters';
import type { Sql } from '@postrider/runner/database';
import { count, printable } from '@postrider/runner/process';
import type { Fields } from '../output/table.ts';

export interface PrintedOtherwise {
  readonly text: string;
  readonly printed: string;
}

/**
 * Of the people whose cards are looked at before a launch: those with odd letters are among them.
 */
export async function printedOtherwise(
  sql: Sql,
  campaign: CampaignKey,
  { printer }: LaunchPreview,
): Promise<readonly PrintedOtherwise[]> {
  const printed = knownProviders().find(({ kind }) => kind === printer.kind)?.printed;
  if (printed === undefined) return [];
  const people = await launchSample(sql, campaign);
  const texts = people.flatMap(({ firstName, lastName, address }) => [
    [firstName, lastName].filter((part) => part !== null).join(' '),
    address.line1,
    address.line2 ?? '',
    address.city,
  ]);
  return [...new Set(texts)]
    .map((text) => ({ text, printed: printed(text) }))
    .filter((one) => one.printed !== one.text);
}

export function namesOf({ names }: LaunchPreview): Fields {
  if (names === null || names.shortened === 0) return [];
  const examples = names.examples.map(({ name, printed }) => `"${name}" as "${printed}"`);
  return [
    [
      'names',
      printable(
        `${count(names.shortened, 'is', 'are')} shortened to the ${names.longest} letters that ` +
          `the printer prints: ${examples.join(', ')}`,
      ),
    ],
  ];
}

export function otherwiseOf(otherwise: readonly PrintedOtherwise[]): Fields {
  if (otherwise.length === 0) return [];
  const examples = otherwise.slice(0, 5).map(({ text, printed }) => `"${text}" as "${printed}"`);
  return [['printed otherwise', printable(`by the printer: ${examples.join(', ')}`)]];
}
