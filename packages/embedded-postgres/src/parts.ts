/** What a server is made of, for tests that make and kill servers of their own. */
export { asAccount, chooseAccount, identity, runAs, type Account } from './account.ts';
export { binariesFor, binariesIn, type Binaries } from './binaries.ts';
export { createCluster, randomPassword, writeConfiguration } from './cluster.ts';
export { ServerError } from './errors.ts';
export { homeAt, makeSocketDir, type Home } from './layout.ts';
export {
  isFree,
  readPidFile,
  runningServer,
  signal,
  startPostmaster,
  stopPostmaster,
  type PidFile,
  type StopMode,
} from './postmaster.ts';
export { isAlive } from './processes.ts';
export { superuser } from './settings.ts';
