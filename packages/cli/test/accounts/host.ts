/** Runs command lines as `cli-host.ts` does, with the providers of these tests beside its own. */
import { addProvider } from '@postrider/adapters';
import { acme, watcher } from './acme.ts';

addProvider(acme);
addProvider(watcher);
await import('../../../../test/support/cli-host.ts');
