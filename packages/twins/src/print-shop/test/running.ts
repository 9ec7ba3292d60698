/** The command line of the shop, run as a person does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loader } from '../../../../../test/support/loader.ts';
import { eventually, TOKEN } from './helpers.ts';

export const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Runs the command line as a person does. */
export function run(
  t: TestContext,
  argv: readonly string[],
  env: NodeJS.ProcessEnv = { PRINT_SHOP_TOKEN: TOKEN },
) {
  const child = spawn(process.execPath, [...loader, main, ...argv], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout,
    stderr,
  }));
  const ready = (): Promise<{ url: string }> =>
    eventually('the ready line', () =>
      stdout.endsWith('\n') ? (JSON.parse(stdout) as { url: string }) : null,
    );
  return { child, ended, ready };
}
