/** What stands in a campaign file for an adapter, beside the options that are its own. */
import { resolve } from 'node:path';
import type { OptionProblem, PortName } from '@postrider/core/ports';

/** An adapter as a campaign names it: its kind or its connection, and its options. */
export type Entry = Readonly<Record<string, unknown>>;

/** What belongs to the campaign, and not to the adapter, by port. */
const ofTheCampaign: Partial<Readonly<Record<PortName, readonly string[]>>> = {
  enricher: ['name'],
  printer: ['name'],
  imageHost: ['remove_after_days', 'keep_at_most_days'],
  eventSink: ['statuses'],
};

/**
 * Without its account. What belongs to the campaign is not the adapter's.
 */
export function optionsOf(port: PortName, { connection: _account, ...options }: Entry): Entry {
  const others = ofTheCampaign[port] ?? [];
  return Object.fromEntries(Object.entries(options).filter(([name]) => !others.includes(name)));
}

/** Hits and misses are remembered by this name, so two look-up files must have two. */
export function enricherName({ name, kind, path }: Entry, baseDirectory: string): string {
  if (typeof name === 'string') return name;
  return typeof path === 'string'
    ? `${String(kind)} ${resolve(baseDirectory, path)}`
    : String(kind);
}

/** What is wrong between the fields of an entry; `field`: as a campaign file calls its port. */
export function faultsBetween(field: string, entry: Entry): OptionProblem[] {
  const { kind, connection, name } = entry;
  if (connection !== undefined)
    return kind === undefined
      ? []
      : [
          {
            option: `${field}.connection`,
            message: 'stands in place of kind: leave one of them out',
          },
        ];
  const missing = (option: string, what: string): OptionProblem => ({
    option: `${field}.${option}`,
    message: `is missing: ${what}, or connection: the name of an account`,
  });
  return [
    ...(kind === undefined ? [missing('kind', 'the kind of an adapter')] : []),
    ...(field === 'printer' && name === undefined ? [missing('name', 'a name for it')] : []),
  ];
}
