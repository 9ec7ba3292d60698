/** `print-shop`: the folder print shop as a process. See `options.ts` for its flags. */
import { messageOf, ShopError } from './errors.ts';
import { fromArguments, usage } from './options.ts';
import { startPrintShop } from './shop.ts';

/** How long a stop may take before it is forced; a PDF of 500 cards takes about a second. */
const PATIENCE_MS = 10_000;

async function main(): Promise<void> {
  const commandLine = fromArguments(process.argv.slice(2), process.env);
  if (commandLine === null) {
    process.stdout.write(usage);
    return;
  }
  const shop = await startPrintShop(commandLine.options);
  let stopping = false;
  const stop = (exitCode: number): void => {
    // A second Ctrl-C does not wait.
    if (stopping) process.exit(exitCode === 0 ? 130 : exitCode);
    stopping = true;
    setTimeout(() => process.exit(exitCode), PATIENCE_MS).unref();
    shop.stop().then(
      () => process.exit(exitCode),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGTERM', () => stop(0));
  process.on('SIGINT', () => stop(0));
  void shop.broken.then(({ exitCode }) => stop(exitCode));
  if (commandLine.untilStdinEnds) {
    process.stdin.on('end', () => stop(0)).on('error', () => stop(0));
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ ready: true, url: shop.url })}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`print shop: ${messageOf(error)}\n`);
  process.exit(error instanceof ShopError ? error.exitCode : 1);
}

main().catch(fail);
