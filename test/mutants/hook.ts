/** Preloaded into a test process and its children (`--import`): the modules of the mutant in POSTRIDER_MUTANT are loaded with its edits. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { modulesOf, mutantNamed, mutated, root } from './patch.ts';

const mutant = mutantNamed(process.env['POSTRIDER_MUTANT'] ?? '');
const sources = new Map(modulesOf(mutant).map((module) => [pathToFileURL(join(root, module)).href, mutated(mutant, module)]));

registerHooks({
  load(url, context, nextLoad) {
    const source = sources.get(url.replace(/[?#].*$/, ''));
    return source === undefined ? nextLoad(url, context) : { format: 'module-typescript', source, shortCircuit: true };
  },
});
