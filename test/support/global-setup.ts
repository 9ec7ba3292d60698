/**
 * Run once around a whole test run (`--test-global-setup`): one throw-away server for all test
 * files, named in their environment.
 */
import { pg15Binaries } from './server.ts';
import type { OwnServer } from './throwaway.ts';
import { prepareCluster, reap, startThrowaway } from './throwaway.ts';

let server: OwnServer | undefined;

export async function globalSetup(): Promise<void> {
  if (process.env['POSTRIDER_TEST_SERVER']) return; // a run inside a run
  await reap();
  const major15 = process.env['POSTRIDER_TEST_MAJOR'] === '15' ? pg15Binaries() : null;
  const programs = major15 === null ? {} : { bin: major15 };
  await prepareCluster(programs.bin);
  server = await startThrowaway(programs);
  process.env['POSTRIDER_TEST_SERVER'] = server.adminUrl;
}

export async function globalTeardown(): Promise<void> {
  await server?.drop();
}
