/** The whole command line put together. Only declarations are loaded here; what a command needs it loads when it runs. */
import { Command, CommanderError } from 'commander';
import { programName } from '../config/project.ts';
import { Signals, type Cli } from './cli.ts';
import type { Action, Family } from './command.ts';
import { campaigns } from './commands/campaign.ts';
import { databases } from './commands/db.ts';
import { demonstration } from './commands/demo.ts';
import { holds } from './commands/hold.ts';
import { looks } from './commands/look.ts';
import { moving } from './commands/moving.ts';
import { previews } from './commands/preview.ts';
import { repairs } from './commands/repair.ts';
import { running } from './commands/run.ts';
import { statements } from './commands/sql.ts';
import { status } from './commands/status.ts';
import { suppressions } from './commands/suppress.ts';
import { exitCodes } from './exit-codes.ts';
import { formatHelp, type Groups } from './help.ts';
import { Output } from './output.ts';

const groups: Groups = [
  ['Begin', ['demo', 'run', 'migrate', 'db', 'print-shop']],
  ['Mail', ['campaign', 'suppress', 'sync', 'enrich', 'preview', 'reconcile']],
  ['Look', ['status', 'trace', 'why', 'stuck', 'queue', 'alarms', 'doctor']],
  ['Mend', ['hold', 'release', 'retry', 'cancel', 'resolve', 'erase']],
  ['SQL', ['sql', 'psql']],
  ['Measure', ['bench']],
];

const families: readonly Family[] = [
  demonstration,
  running,
  campaigns,
  suppressions,
  moving,
  previews,
  status,
  looks,
  holds,
  repairs,
  statements,
  databases,
];

export interface Program {
  /** Runs a command line. Throws whatever went wrong; `CommanderError` for wrong usage. */
  parse(argv: readonly string[]): Promise<void>;
  /** As asked for by the options that were read so far. */
  readonly out: Output;
}

export async function buildProgram(version: string): Promise<Program> {
  const program = new Command('postrider');
  const signals = new Signals();
  const output = (): Output => {
    const { json, quiet, verbose, color } = program.opts<{ json?: boolean; quiet?: boolean; verbose?: boolean; color?: boolean }>();
    return new Output({ json: json === true, quiet: quiet === true, verbose: verbose === true, color: color !== false });
  };
  const act =
    (action: Action) =>
    async (...received: unknown[]): Promise<void> => {
      const command = received.at(-1) as Command;
      let project: ReturnType<Cli['project']> | null = null;
      const cli: Cli = {
        out: output(),
        signals,
        project: async () => await (project ??= (await import('../config/project.ts')).openProject()),
      };
      signals.listen();
      await action(cli, command.args, command.opts());
    };

  program
    .description('Moves people from an audience to a printed postcard in their letterbox, each exactly once. Everything lives in one PostgreSQL.')
    .version(version, '-V, --version', 'the version')
    .option('--json', 'JSON on stdout: one object, or one a line for lists')
    .option('-q, --quiet', 'say nothing but data and errors')
    .option('-v, --verbose', 'say more on stderr')
    .option('--no-color', 'no colour; NO_COLOR does the same')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
    .exitOverride()
    .configureHelp({ formatHelp: (command, help) => formatHelp(command, help, groups, output()) });
  for (const family of families) family(program, act);
  await addBench(program, act);
  inheritAll(program);
  return {
    parse: async (argv) => {
      if (argv.length === 2) throw new CommanderError(exitCodes.usage, 'postrider.nothing', program.helpInformation());
      await program.parseAsync([...argv]);
    },
    get out() {
      return output();
    },
  };
}

/** The measuring commands are declared beside what they measure with. */
async function addBench(program: Command, act: Parameters<Family>[1]): Promise<void> {
  const { existsSync } = await import('node:fs');
  const file = new URL('../bench/command.ts', import.meta.url);
  if (!existsSync(file)) return;
  const { bench } = (await import(file.href)) as { bench: Family };
  bench(program, act);
}

/** commander copies its settings to a subcommand only where it was made by one; families may add commands in any way. */
function inheritAll(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command).helpOption('-h, --help', 'this text');
    inheritAll(child);
  }
}

export { programName };
