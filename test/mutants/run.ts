/**
 * `npm run test:mutants [name…]`: takes one safeguard at a time out of the machine and shows that a
 * test turns red. Exits 1 where a mutant survives, or where its test is red without it as well.
 */
import { huntAll } from './hunt.ts';
import { mutants } from './mutants.ts';
import { mutantNamed } from './patch.ts';

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const chosen = names.length === 0 ? mutants : names.map(mutantNamed);
const started = performance.now();
const width = Math.max(...chosen.map((mutant) => mutant.name.length));

const hunted = await huntAll(chosen, 2, ({ mutant, verdict, ms, without, test, detail }) => {
  console.log(
    `${verdict.padEnd(9)} ${mutant.padEnd(width)} ` +
      `${(ms / 1000).toFixed(1).padStart(5)} s  without ${without}`,
  );
  if (verdict !== 'killed')
    console.log(`          ${test}\n${detail.replace(/^/gm, '          ')}`);
});
const alive = hunted.filter(({ verdict }) => verdict !== 'killed');
console.log(
  `\n${hunted.length - alive.length} of ${hunted.length} mutants killed ` +
    `in ${Math.round((performance.now() - started) / 1000)} s`,
);
if (alive.length > 0) console.log(`not killed: ${alive.map(({ mutant }) => mutant).join(', ')}`);
process.exitCode = alive.length > 0 ? 1 : 0;
