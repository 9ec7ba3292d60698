/**
 * Preloaded into a test process and its children (`--import`): the modules of the mutant in
 * POSTRIDER_MUTANT are loaded with its edits.
 */
import { registerHooks } from 'node:module';
import { modulesOf, mutantNamed, mutated, urlOf } from './patch.ts';

const mutant = mutantNamed(process.env['POSTRIDER_MUTANT'] ?? '');
const sources = new Map(
  modulesOf(mutant).map((module) => [urlOf(module), mutated(mutant, module)]),
);

registerHooks({
  load(url, context, nextLoad) {
    const source = sources.get(url.replace(/[?#].*$/, ''));
    if (source === undefined) return nextLoad(url, context);
    return {
      format: url.endsWith('.js') ? 'module' : 'module-typescript',
      source,
      shortCircuit: true,
    };
  },
});
