/**
 * The countries: which there are, what the post of each takes, and how it wants an address written.
 * The machine has the same data (`postrider.country`); what cannot be mailed is decided there.
 */
export { countries, countryOf, isCountry } from './country.ts';
export type { Country } from './country.ts';
export { addressLines } from './layout.ts';
export { mendedPostalCode, postalCodeOf } from './postal-code.ts';
export { regionOf } from './region.ts';
export type { Region } from './region.ts';
