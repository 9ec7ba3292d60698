/** @postrider/core/address: the address of a database, read in one place for all that connect. */
export { placeOf, readAddress, shownAddress, type Address, type Host } from './address.ts';
export { driverOptions, libpqEnvironment, sessionOptions } from './clients.ts';
export { AddressError } from './problem.ts';
export { noTls, type Tls } from './tls.ts';
