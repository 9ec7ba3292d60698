/**
 * Runs command lines one after the other, each as a process of its own would: the real `main`, with
 * its words, environment and directory. To load the program costs ten times what most commands do,
 * and a test asks for fifty of them. Output goes to the real streams; a mark on both says that it
 * was all.
 */
import { benchmarks } from '@postrider/bench';
import { main } from '@postrider/cli';

export interface HostedCommand {
  /** The file of the program. */
  readonly entry: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Between two commands; nothing that is shown to people holds a NUL. */
export const END = '\0end of a command\0';

async function run({ entry, argv, cwd, env }: HostedCommand): Promise<number> {
  process.argv = [...argv];
  process.chdir(cwd);
  for (const name of Object.keys(process.env))
    if (!(name in env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, env);
  process.exitCode = undefined;
  try {
    return await main({ entry, benchmarks });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
    for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error');
    process.exitCode = undefined;
  }
}

if (process.send !== undefined) {
  process.on('message', (command: HostedCommand) => {
    void run(command).then((code) => {
      process.stdout.write(END);
      process.stderr.write(END);
      process.send?.({ code });
    });
  });
  process.on('disconnect', () => process.exit());
}
