/** The entry of the command line. */
import { main } from './cli/main.ts';

process.exitCode = await main();
// What is still open by now (a pool that could not be closed) must not keep the process.
setTimeout(() => process.exit(), 2000).unref();
