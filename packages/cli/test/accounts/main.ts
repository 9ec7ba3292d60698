/** The program, with the providers of these tests beside its own. */
import { addProvider } from '@postrider/adapters';
import { main } from '@postrider/cli';
import { acme, watcher } from './acme.ts';

addProvider(acme);
addProvider(watcher);
process.exitCode = await main({ entry: import.meta.filename, benchmarks: [] });
setTimeout(() => process.exit(), 2000).unref();
