/**
 * `bench`: how fast it is on this machine. The benchmarks are a package beside this one: the entry
 * of the program puts both together.
 */
import type { Address } from '@postrider/core/address';
import { UserError, exitCodes } from '@postrider/runner/process';
import { command, number, wholeNumber, type Family } from '../program/command.ts';
import type { Fields } from '../output/table.ts';

export interface Benchmark {
  readonly name: string;
  /** What is measured, in half a sentence. */
  readonly about: string;
  /** How many people unless told, in words; null where that cannot be chosen. */
  readonly people: string | null;
  /** Works in a scratch database beside that at `url`. Resolves with the figures. */
  run(options: {
    readonly address: Address;
    readonly people?: number;
    readonly say: (line: string) => void;
  }): Promise<object>;
}

export function benchFamily(benchmarks: readonly Benchmark[]): Family {
  const names = benchmarks.map(({ name }) => name);
  const sized = benchmarks.filter(({ people }) => people !== null);
  return (program, act) => {
    command(
      program,
      'bench',
      'Measures how fast it is on this machine, in a scratch database that is dropped ' +
        'afterwards; the role needs CREATEDB. ' +
        benchmarks.map(({ name, about }) => `${name}: ${about}.`).join(' '),
      ['postrider bench pipeline', 'postrider bench machine --json | tail -1'],
    )
      .argument('<what>', names.join(', '))
      .option(
        '--people <n>',
        `in ${sized.map(({ name, people }) => `${name} (${people})`).join(' and ')}`,
        wholeNumber(100),
      )
      .action(
        act(async (cli, [given = ''], options) => {
          const chosen = benchmarks.find(({ name }) => name === given);
          if (chosen === undefined)
            throw new UserError(
              exitCodes.usage,
              `there is no bench ${given}`,
              `there are ${names.join(', ')}`,
            );
          const people = number(options['people']);
          if (people !== undefined && chosen.people === null)
            throw new UserError(
              exitCodes.usage,
              `--people is for ${sized.map(({ name }) => name).join(' and ')}, not for ${given}`,
            );
          const { findDatabase } = await import('@postrider/runner/database');
          const { address } = await findDatabase(cli, true);
          const figures = {
            bench: given,
            ...(await chosen.run({
              address,
              say: (line) => cli.out.note(line),
              ...(people === undefined ? {} : { people }),
            })),
          };
          if (cli.out.json) cli.out.emit(figures);
          else cli.out.records([fieldsOf(given, figures)]);
        }),
      );
  };
}

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
