/** `print-shop`: the folder print shop as a process. See `options.ts` for its flags. */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { messageOf, ShopError } from './errors.ts';
import { fromArguments, usage } from './options.ts';

/** How long a stop may take before it is forced; a PDF of 500 cards takes about a second. */
const PATIENCE_MS = 10_000;

async function main(): Promise<void> {
  const commandLine = fromArguments(process.argv.slice(2), process.env);
  if (commandLine === null) {
    process.stdout.write(usage);
    return;
  }
  // Compiled code is kept for the next start, which saves it a third of its time; it helps only
  // what is imported from here on.
  enableCompileCache();
  const { startPrintShop } = await import('./shop.ts');
  const shop = await startPrintShop(commandLine.options);
  let stopping = false;
  const stop = (exitCode: number): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(exitCode), PATIENCE_MS).unref();
    shop.stop().then(
      () => process.exit(exitCode),
      (error: unknown) => fail(error),
    );
  };
  const onSignal = (): void => {
    // A second Ctrl-C does not wait.
    if (stopping) process.exit(130);
    stop(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  void shop.broken.then(({ exitCode }) => stop(exitCode));
  if (commandLine.untilStdinEnds) {
    process.stdin.on('end', () => stop(0)).on('error', () => stop(0));
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, url: shop.url, ledger: shop.ledger })}\n`);
  // Not left to the end, because a shop may be killed.
  flushCompileCache();
}

function fail(error: unknown): void {
  process.stderr.write(`print shop: ${messageOf(error)}\n`);
  process.exit(error instanceof ShopError ? error.exitCode : 1);
}

main().catch(fail);
