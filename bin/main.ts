/**
 * The entry of the program, run by bin/postrider. It stands above the packages: the command line
 * and the benchmarks know nothing of each other, and are put together here.
 */
import { benchmarks } from '@postrider/bench';
import { main } from '@postrider/cli';

process.exitCode = await main({ entry: import.meta.filename, benchmarks });
// What is still open by now (a pool that could not be closed) must not keep the process.
setTimeout(() => process.exit(), 2000).unref();
