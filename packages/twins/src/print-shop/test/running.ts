/** The command line of the shop, run as a person does. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loader } from '../../../../../test/support/loader.ts';
import { TwinError } from '../../index.ts';
import { eventually, TOKEN } from './helpers.ts';

export const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Whether an error is the twin's, with this exit code and these words. */
export function withCode(exitCode: number, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof TwinError);
    assert.equal(error.exitCode, exitCode);
    assert.match(error.message, message);
    return true;
  };
}

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
