/**
 * What every provider is listed in. One of them by itself is imported as
 * `@postrider/adapters/<provider>`.
 */
export type { CardPreview, PreviewOptions, PreviewRenderer } from './kit/preview.ts';
export { enricherName, faultsBetween, optionsOf, type Entry } from './kit/entries.ts';
export type { Offer, Offers, Provider } from './kit/provider.ts';
export { portFields, portNames } from './kit/provider.ts';
export {
  adapters,
  addProvider,
  byPort,
  knownProviders,
  offerOf,
  providers,
  unknownKind,
} from './registry.ts';
export type { Adapters, AdaptersByKind, KindOf } from './registry.ts';
