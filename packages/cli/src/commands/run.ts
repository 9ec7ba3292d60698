/** `run`: beats, workers and HTTP. */
import type { LogFormat } from '@postrider/runner/run';
import type { Command } from 'commander';
import { command, flag, number, oneOf, text, wholeNumber, type Act } from '../program/command.ts';

export function running(program: Command, act: Act): void {
  command(
    program,
    'run',
    'Runs the pipeline: beats, workers, and HTTP for webhooks and metrics. ' +
      'Any number of runners may share one database; none of them is special. ' +
      'Ctrl-C or SIGTERM finishes what is at work; a second one does not wait, ' +
      'and loses nothing either.',
    [
      'postrider run',
      'postrider run --once          # go on until nothing can move, list what waits, and end',
      'postrider run --port 0 --host 127.0.0.1',
      'postrider run --log-format json --progress 60 2>> postrider.log',
    ],
  )
    .option(
      '--once',
      'sync and enrich once, then go on until nothing can move without an outside event or ' +
        'a later time; what failed in passing is tried again a few times, ' +
        'where that is less than 30 seconds away',
    )
    .option('--no-sync', 'with --once: only go on with who is known, and read no list')
    .option(
      '--port <n>',
      'for webhooks and metrics; 4117 unless told, 0 takes a free one',
      wholeNumber(0, 65_535),
    )
    .option('--host <address>', 'where to listen; 127.0.0.1 unless told')
    .option('--no-http', 'do not listen')
    .option('--proof-slots <n>', 'cohorts rendered at the same time', wholeNumber(0, 64))
    .option('--mail-slots <n>', 'cohorts submitted at the same time', wholeNumber(0, 64))
    .option(
      '--progress <seconds>',
      'how often it says what it did, where it did something; 10 unless told, 0 never',
      wholeNumber(0, 86_400),
    )
    .addOption(
      oneOf(
        '--log-format <format>',
        'of the log and of progress, on stderr: auto is text on a terminal and ' +
          'JSON elsewhere or with --json',
        ['auto', 'text', 'json'],
      ),
    )
    .action(
      act(async (cli, _args, options) => {
        const { runPipeline } = await import('../operate/run.ts');
        await runPipeline(cli, {
          once: flag(options['once']),
          sync: options['sync'] !== false,
          port: number(options['port']),
          host: text(options['host']),
          http: options['http'] !== false,
          proofSlots: number(options['proofSlots']),
          mailSlots: number(options['mailSlots']),
          progressSeconds: number(options['progress']),
          logFormat: text(options['logFormat']) as LogFormat | undefined,
        });
      }),
    );
}
