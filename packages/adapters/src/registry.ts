/**
 * The one list of providers. Kinds by port are derived from it; the checks of a campaign file, the
 * table in docs/reference/campaign-file.md and `--help` read it.
 *
 * Importing this costs little: typst, resvg and csv-parse are loaded when they are first used.
 */
import type { PortName, PortTypes } from '@postrider/core/ports';
import { didYouMean } from '@postrider/core/ports/near';
import { csv } from './csv/index.ts';
import { file } from './file/index.ts';
import { folder } from './folder/index.ts';
import type { Offer, Provider } from './kit/provider.ts';
import { portFields, portNames } from './kit/provider.ts';
import { klaviyo } from './klaviyo/index.ts';
import { lob } from './lob/index.ts';
import { lookup } from './lookup/index.ts';
import { ndjson } from './ndjson/index.ts';
import { noop } from './noop/index.ts';
import { printShop } from './print-shop/index.ts';
import { typst } from './typst/index.ts';
import { webhook } from './webhook/index.ts';

export const providers = [
  csv,
  ndjson,
  lookup,
  typst,
  folder,
  lob,
  printShop,
  file,
  webhook,
  klaviyo,
  noop,
] as const;

type Listed = (typeof providers)[number];
type Serving<Name extends PortName> = Extract<Listed, { readonly [Key in Name]: unknown }>;

/** The kinds of a port, as a campaign file names them. */
export type KindOf<Name extends PortName> = Serving<Name>['kind'];

/** By port and kind, as a campaign file names them. */
export type Adapters = {
  readonly [Name in PortName]: Readonly<Record<KindOf<Name>, Offer<PortTypes[Name]>>>;
};

export type AdaptersByKind = {
  readonly [Name in PortName]: Readonly<Record<string, Offer<PortTypes[Name]>>>;
};

/** The offers of some providers by port and kind. */
export function byPort(list: readonly Provider[]): AdaptersByKind {
  const offers = (name: PortName): [string, unknown][] =>
    list.flatMap((provider) =>
      provider[name] === undefined ? [] : [[provider.kind, provider[name]]],
    );
  return Object.fromEntries(
    portNames.map((name) => [name, Object.fromEntries(offers(name))]),
    // Each offer stands under the port that it was read from.
  ) as AdaptersByKind;
}

// The kinds of `Adapters` are those of the same list.
export const adapters = byPort(providers) as Adapters;

const known: Provider[] = [...providers];
let offers: AdaptersByKind = adapters;

/** The providers of this process: those of the list, and those that were added to it. */
export function knownProviders(): readonly Provider[] {
  return known;
}

/** Adds a provider to those of this process: for a program that brings one of its own. */
export function addProvider(provider: Provider): void {
  if (known.some(({ kind }) => kind === provider.kind))
    throw new Error(`there is a provider ${provider.kind} already`);
  known.push(provider);
  offers = byPort(known);
}

export function offerOf<Name extends PortName>(
  port: Name,
  kind: string,
): Offer<PortTypes[Name]> | undefined {
  return Object.hasOwn(offers[port], kind) ? offers[port][kind] : undefined;
}

/** What is wrong with a kind, or null. */
export function unknownKind(port: PortName, kind: string): string | null {
  const kinds = Object.keys(offers[port]);
  if (kinds.includes(kind)) return null;
  const meant = didYouMean(kind, kinds) ?? `there are ${kinds.join(', ')}`;
  return `there is no ${portFields[port]} of kind ${kind}; ${meant}`;
}
