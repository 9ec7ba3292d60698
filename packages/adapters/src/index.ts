/**
 * What every provider is listed in. One of them by itself is imported as
 * `@postrider/adapters/<provider>`.
 */
export type { CardPreview, PreviewOptions, PreviewRenderer } from './kit/preview.ts';
export type { Offer, Offers, Provider } from './kit/provider.ts';
export { portFields, portNames } from './kit/provider.ts';
export { adapters, byPort, providers } from './registry.ts';
export type { Adapters, AdaptersByKind, KindOf } from './registry.ts';
