/**
 * The whole command line put together. Only declarations are loaded here; what a command needs it
 * loads when it runs.
 */
import { exitCodes, Signals } from '@postrider/runner/process';
import { Command, CommanderError } from 'commander';
import type { Cli } from './cli.ts';
import { hasOwnOptions, showExamples, type Action, type Family } from './command.ts';
import { alarms } from '../commands/alarms.ts';
import { providerCalls } from '../commands/calls.ts';
import { amending } from '../commands/amend.ts';
import { benchFamily } from '../commands/bench.ts';
import { campaigns } from '../commands/campaign.ts';
import { claims } from '../commands/claim.ts';
import { connections } from '../commands/connections.ts';
import { databases } from '../commands/db.ts';
import { demonstration } from '../commands/demo.ts';
import { checks } from '../commands/doctor.ts';
import { histories } from '../commands/history.ts';
import { holds } from '../commands/hold.ts';
import { migrating } from '../commands/migrate.ts';
import { previews } from '../commands/preview.ts';
import { printShops } from '../commands/print-shop.ts';
import { queuedCohorts } from '../commands/queue.ts';
import { reconciling } from '../commands/reconcile.ts';
import { rekeying } from '../commands/rekey.ts';
import { repairs } from '../commands/repair.ts';
import { running } from '../commands/run.ts';
import { sealing } from '../commands/secrets.ts';
import { statements } from '../commands/sql.ts';
import { status } from '../commands/status.ts';
import { stuckPeople } from '../commands/stuck.ts';
import { suppressions } from '../commands/suppress.ts';
import { syncs } from '../commands/sync.ts';
import { webhooks } from '../commands/webhooks.ts';
import { twins } from '../commands/twin.ts';
import { groups } from './groups.ts';
import { formatHelp, fullName } from './help.ts';
import { Output } from '../output/output.ts';
import type { Parts } from './parts.ts';

const families: readonly Family[] = [
  demonstration,
  printShops,
  twins,
  running,
  migrating,
  campaigns,
  connections,
  sealing,
  suppressions,
  syncs,
  reconciling,
  previews,
  status,
  histories,
  stuckPeople,
  queuedCohorts,
  alarms,
  providerCalls,
  claims,
  checks,
  holds,
  repairs,
  amending,
  rekeying,
  webhooks,
  statements,
  databases,
];

export interface Program {
  /** Runs a command line. Throws whatever went wrong; `CommanderError` for wrong usage. */
  parse(argv: readonly string[]): Promise<void>;
  /** Every command with its help: the reference is checked against it. */
  commands(): readonly {
    readonly name: string;
    readonly help: string;
    readonly options: readonly string[];
  }[];
  /** The command line that explains what was meant: `postrider sync --help`. */
  helpFor(argv: readonly string[]): string;
  /** As asked for by the options that were read so far. */
  readonly out: Output;
}

export function buildProgram(version: string, { entry, benchmarks }: Parts): Program {
  const program = new Command('postrider');
  const signals = new Signals();
  const output = (): Output => outputOf(program);
  const act =
    (action: Action) =>
    async (...received: unknown[]): Promise<void> => {
      const command = received.at(-1) as Command;
      let project: ReturnType<Cli['project']> | null = null;
      const cli: Cli = {
        entry,
        out: output(),
        signals,
        project: async () =>
          await (project ??= (await import('@postrider/runner/project')).openProject()),
      };
      signals.listen();
      // With those of its parents: commander gives `suppress lift --email` to suppress, which has
      // the same option.
      await action(cli, command.args, command.optsWithGlobals());
    };

  describe(program, version, output);
  for (const family of [...families, benchFamily(benchmarks)]) family(program, act);
  for (const one of allBelow(program))
    one.helpOption(...(hasOwnOptions(one) ? [false] : ['-h, --help', 'this text']));
  return {
    parse: (argv) => parse(program, argv),
    commands: () => commandsOf(program),
    helpFor: (argv) => helpFor(program, argv),
    get out() {
      return output();
    },
  };
}

/** As asked for by the options that were read so far. */
function outputOf(program: Command): Output {
  const { json, quiet, verbose, color } = program.opts<{
    json?: boolean;
    quiet?: boolean;
    verbose?: boolean;
    color?: boolean;
  }>();
  return new Output({
    json: json === true,
    quiet: quiet === true,
    verbose: verbose === true,
    color: color !== false,
  });
}

function describe(program: Command, version: string, output: () => Output): void {
  program
    .description(
      'Moves people from an audience to a printed postcard in their letterbox, ' +
        'each exactly once. Everything lives in one PostgreSQL.',
    )
    .version(version, '-V, --version', 'the version')
    .option('--json', 'JSON on stdout: one object, or one a line for lists')
    .option('-q, --quiet', 'say nothing but data and errors')
    .option('-v, --verbose', 'say more on stderr')
    .option('--no-color', 'no colour; NO_COLOR does the same')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureOutput({
      outputError: () => undefined,
      // The help that stands for an error, where a command of a group is missing.
      writeErr: (text) => void (output().json || process.stderr.write(text)),
    })
    .exitOverride()
    .configureHelp({ formatHelp: (command, help) => formatHelp(command, help, groups, output()) });
  showExamples(program, [
    'postrider demo                                   # begin here: ' +
      'mails the example, prints into a folder',
    'postrider campaign apply campaign.yaml           # then your own',
    'postrider run',
    'postrider status',
  ]);
}

async function parse(program: Command, argv: readonly string[]): Promise<void> {
  if (argv.length === 2)
    throw new CommanderError(exitCodes.usage, 'postrider.nothing', program.helpInformation());
  const [node = '', main = ''] = argv;
  const [first, ...more] = wordsOf(argv);
  if (first !== 'help')
    return void (await program
      .parseAsync(withoutHelpOfNothing(argv, program, first))
      .catch((error: unknown) => refuse(error, program, first)));
  const asked = more.reduce<Command | undefined>(
    (at, word) => at?.commands.find((one) => one.name() === word),
    program,
  );
  if (asked === undefined)
    throw new CommanderError(
      exitCodes.usage,
      'postrider.unknownCommand',
      `there is no command ${more.join(' ')}`,
    );
  await program.parseAsync([node, main, ...more, '--help']);
}

function commandsOf(program: Command): ReturnType<Program['commands']> {
  return allBelow(program).map((one) => ({
    name: fullName(one).replace(/^postrider ?/, ''),
    help: one.helpInformation(),
    options: one.options.flatMap(({ long }) => (typeof long === 'string' ? [long] : [])),
  }));
}

function helpFor(program: Command, argv: readonly string[]): string {
  const words: string[] = [];
  let at: Command | undefined = program;
  for (const word of wordsOf(argv)) {
    at = at?.commands.find((one) => one.name() === word);
    if (at === undefined) break;
    words.push(word);
  }
  return ['postrider', ...words, '--help'].join(' ');
}

/** A mistyped command has no help, and that of the program would not say so. */
function withoutHelpOfNothing(
  argv: readonly string[],
  program: Command,
  word: string | undefined,
): string[] {
  const isCommand = word === undefined || program.commands.some((one) => one.name() === word);
  return argv.filter((one) => isCommand || !['-h', '--help'].includes(one));
}

/** What was typed, without options: those of every command take no value, and may stand first. */
function wordsOf(argv: readonly string[]): string[] {
  return argv.slice(2).filter((word) => !word.startsWith('-'));
}

/**
 * A word that is a command below another, `launch`, is that one and no neighbour of its letters.
 */
function refuse(error: unknown, program: Command, word: string | undefined): never {
  if (
    error instanceof CommanderError &&
    error.code === 'commander.unknownCommand' &&
    !program.commands.some((one) => one.name() === word)
  ) {
    const meant = program.commands.flatMap(allBelow).filter((one) => one.name() === word);
    const names = meant.map((one) => fullName(one).replace(/^postrider /, ''));
    if (names.length > 0)
      throw new CommanderError(
        error.exitCode,
        error.code,
        `unknown command '${word}'\n(Did you mean ${names.join(' or ')}?)`,
      );
  }
  if (error instanceof CommanderError && error.code === 'commander.unknownCommand')
    throw new CommanderError(error.exitCode, error.code, nearest(error.message, program));
  throw error;
}

/** The beginning of a word stands for that word, and for no other with similar letters. */
function nearest(message: string, program: Command): string {
  const [, word = ''] = /unknown command '([^']*)'/.exec(message) ?? [];
  const suggested = /\(Did you mean ([\w-]+)\?\)/.exec(message)?.[1];
  const beside = allBelow(program)
    .map((one) => one.commands.map((each) => each.name()))
    .find((names) => suggested !== undefined && names.includes(suggested));
  const begun = word === '' ? [] : (beside ?? []).filter((name) => name.startsWith(word));
  if (begun.length === 0) return message;
  return `unknown command '${word}'\n(Did you mean ${begun.join(' or ')}?)`;
}

function allBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allBelow)];
}
