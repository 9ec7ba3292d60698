/** Runs the tests of mutants, on one throw-away server: green without the mutant, red with it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loader } from '../support/loader.ts';
import { startThrowaway } from '../support/throwaway.ts';
import type { Mutant } from './mutants.ts';
import { modulesOf, mutated, root } from './patch.ts';

export interface Hunted {
  readonly mutant: string;
  readonly without: string;
  /** killed: red with the mutant, and green without. Anything else is a failure. */
  readonly verdict: 'killed' | 'SURVIVED' | 'RED WITHOUT IT' | 'NO SUCH TEST' | 'DOES NOT FIT';
  readonly test: string;
  readonly ms: number;
  /** Why, where it is not killed. */
  readonly detail: string;
}

interface Run {
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
}

/** How long a test may take. None that ends takes half of it, on a slow machine, too. */
const LONGEST_MS = 180_000;

/** Of the runs under way, each with what its test has started. */
const groups = new Set<number>();
process.on('exit', () => groups.forEach(endGroup));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** A test that is given up leaves processes behind, and one of them may grow without an end. */
function endGroup(pid: number): void {
  groups.delete(pid);
  // It was never started; 0 would be our own group.
  if (pid === 0) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}

async function run(test: Mutant['test'], mutant: string | null, server: string): Promise<Run> {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: options = '', ...environment } = process.env;
  const hook = `--import=${pathToFileURL(join(import.meta.dirname, 'hook.ts')).href}`;
  const child = spawn(
    process.execPath,
    [
      ...loader,
      '--test',
      '--test-reporter=tap',
      '--test-timeout=120000',
      `--test-name-pattern=${test.pattern}`,
      join(root, test.file),
    ],
    {
      cwd: root,
      // A group of its own, so that what a test has started can be ended with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...environment,
        POSTRIDER_TEST_SERVER: server,
        // Who never arrives because of the mutant need not be waited for as long as on a bad day.
        POSTRIDER_CRASH_PATIENCE_MS: '25000',
        NODE_OPTIONS: mutant === null ? options : `${options} ${hook}`.trim(),
        ...(test.isLong === true ? { POSTRIDER_TEST_LONG: '1' } : {}),
        ...(mutant === null ? {} : { POSTRIDER_MUTANT: mutant }),
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  // Without the safeguard a test may wait for ever, and in what comes after it, too.
  const ended = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  const { pid = 0 } = child;
  groups.add(pid);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(ended);
  endGroup(pid);
  const count = (what: string): number =>
    Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const red = count('fail') + count('cancelled');
  return { passed: count('pass'), failed: child.signalCode === null ? red : 1, output };
}

async function hunt(
  mutant: Mutant,
  server: string,
  green: (test: Mutant['test']) => Promise<Run>,
): Promise<Hunted> {
  const started = performance.now();
  const end = (verdict: Hunted['verdict'], detail: string): Hunted => ({
    mutant: mutant.name,
    without: mutant.without,
    verdict,
    test: `${mutant.test.file}: ${mutant.test.pattern}`,
    ms: Math.round(performance.now() - started),
    detail,
  });
  try {
    for (const module of modulesOf(mutant)) mutated(mutant, module);
  } catch (error) {
    return end('DOES NOT FIT', error instanceof Error ? error.message : String(error));
  }
  const without = await green(mutant.test);
  if (without.failed > 0) return end('RED WITHOUT IT', without.output);
  if (without.passed === 0) return end('NO SUCH TEST', without.output);
  const withIt = await run(mutant.test, mutant.name, server);
  // A mutant that breaks the making of the database, or the loading of a module, proves nothing.
  if (/MigrationError|SyntaxError|ERR_MODULE|test\/mutants\//.test(withIt.output))
    return end('DOES NOT FIT', withIt.output);
  return withIt.failed > 0 ? end('killed', '') : end('SURVIVED', withIt.output);
}

/** Hunts them all, `atATime` together, and reports each as it ends. */
export async function huntAll(
  mutants: readonly Mutant[],
  atATime: number,
  report: (hunted: Hunted) => void,
): Promise<readonly Hunted[]> {
  const given = process.env['POSTRIDER_TEST_SERVER'];
  const server = given === undefined || given === '' ? await startThrowaway() : null;
  const url = server?.adminUrl ?? given ?? '';
  const greens = new Map<string, Promise<Run>>();
  const green = async (test: Mutant['test']): Promise<Run> => {
    const key = `${test.file} ${test.pattern}`;
    const known = greens.get(key) ?? run(test, null, url);
    greens.set(key, known);
    return await known;
  };
  const waiting = [...mutants];
  const hunted: Hunted[] = [];
  const worker = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = await hunt(mutant, url, green);
      hunted.push(result);
      report(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: atATime }, worker));
  } finally {
    await server?.drop();
  }
  return hunted;
}
