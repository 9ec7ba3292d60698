/**
 * `bench`: how fast it is on this machine. Works in a scratch database beside the project's, which
 * is dropped afterwards.
 */
import { command, number, wholeNumber, type Family } from '../command.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Fields } from '../table.ts';

const kinds = ['machine', 'pipeline', 'latency', 'idle', 'queries'] as const;

export const measuring: Family = (program, act) => {
  command(
    program,
    'bench',
    'Measures how fast it is on this machine, in a scratch database that is dropped afterwards; the role needs CREATEDB. machine: audited moves against bare SQL. ' +
      'pipeline: recipients a second from pending to received, against plain SQL and against one job per recipient. latency: from pending to proofing on an idle system. ' +
      'idle: statements a minute of an idle runner. queries: the questions of operators with a million people.',
    ['postrider bench pipeline', 'postrider bench machine --json | tail -1'],
  )
    .argument('<what>', kinds.join(', '))
    .option(
      '--people <n>',
      'in pipeline (6,000 unless told) and queries (a million)',
      wholeNumber(100),
    )
    .action(
      act(async (cli, [given = ''], options) => {
        const what = kinds.find((kind) => kind === given);
        if (what === undefined)
          throw new CliError(
            exitCodes.usage,
            `there is no bench ${given}`,
            `there are ${kinds.join(', ')}`,
          );
        if (number(options['people']) !== undefined && what !== 'pipeline' && what !== 'queries')
          throw new CliError(
            exitCodes.usage,
            `--people is for pipeline and queries, not for ${what}`,
          );
        const [{ findDatabase }, { bench }] = await Promise.all([
          import('../database.ts'),
          import('../../bench/command.ts'),
        ]);
        const { url } = await findDatabase(cli, true);
        const people = number(options['people']);
        const figures = await bench(what, {
          url,
          say: (line) => cli.out.note(line),
          ...(people === undefined ? {} : { people }),
        });
        if (cli.out.json) cli.out.emit(figures);
        else cli.out.records([fieldsOf(what, figures)]);
      }),
    );
};

function fieldsOf(what: string, figures: object): Fields {
  const lines = Object.entries(figures).filter(([name]) => name !== 'bench');
  return [
    ['', what],
    ...lines.map(([name, value]) => [name.replaceAll('_', ' '), told(value)] as const),
  ];
}

function told(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(
      ([name, one]) => `${Array.isArray(value) ? '' : `${name.replaceAll('_', ' ')} `}${told(one)}`,
    )
    .join(', ');
}
