/**
 * @postrider/core/database-address: the address of a database, read in one place for all that
 * connect.
 */
export {
  placeOf,
  readDatabaseAddress,
  shownAddress,
  type DatabaseAddress,
  type Host,
} from './read.ts';
export { driverOptions, libpqEnvironment, sessionOptions } from './clients.ts';
export { DatabaseAddressError } from './problem.ts';
export { noTls, type Tls } from './tls.ts';
