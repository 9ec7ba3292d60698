/**
 * `bench`: how fast it is on this machine. The benchmarks are a package beside this one: the entry
 * of the program puts both together.
 */
import type { DatabaseAddress } from '@postrider/core/database-address';
import { UserError, exitCodes } from '@postrider/runner/process';
import { command, number, wholeNumber, type Family } from '../program/command.ts';
import type { Fields } from '../output/table.ts';

export interface Benchmark {
  readonly name: string;
  /** What is measured, in half a sentence. */
  readonly about: string;
  /** What its size counts, and how many unless told, in words; null: it cannot be chosen. */
  readonly size: { readonly counts: 'people' | 'events' | 'cards'; readonly usual: string } | null;
  /** Works in a scratch database beside that at `url`. Resolves with the figures. */
  run(options: {
    readonly address: DatabaseAddress;
    readonly size?: number;
    readonly say: (line: string) => void;
  }): Promise<object>;
}

export function benchFamily(benchmarks: readonly Benchmark[]): Family {
  const names = benchmarks.map(({ name }) => name);
  const sized = Map.groupBy(
    benchmarks.filter(({ size }) => size !== null),
    ({ size }) => size?.counts ?? '',
  );
  return (program, act) => {
    const bench = command(
      program,
      'bench',
      'Measures how fast it is on this machine, in a scratch database that is dropped ' +
        'afterwards; the role needs CREATEDB. ' +
        benchmarks.map(({ name, about }) => `${name}: ${about}.`).join(' '),
      ['postrider bench pipeline', 'postrider bench webhooks --events 100000 --json | tail -1'],
    ).argument('<what>', names.join(', '));
    for (const [counts, them] of sized)
      bench.option(
        `--${counts} <n>`,
        `in ${inWords(them.map(({ name, size }) => `${name} (${size?.usual} unless told)`))}`,
        wholeNumber(100),
      );
    bench.action(
      act(async (cli, [given = ''], options) => {
        const chosen = benchmarks.find(({ name }) => name === given);
        if (chosen === undefined)
          throw new UserError(
            exitCodes.usage,
            `there is no bench ${given}`,
            `there are ${names.join(', ')}`,
          );
        for (const [counts, them] of sized)
          if (options[counts] !== undefined && chosen.size?.counts !== counts)
            throw new UserError(
              exitCodes.usage,
              `--${counts} is for ${inWords(them.map(({ name }) => name))}, not for ${given}`,
            );
        const size = chosen.size === null ? undefined : number(options[chosen.size.counts]);
        const { findDatabase } = await import('@postrider/runner/database');
        const { address } = await findDatabase(cli, true);
        const figures = {
          bench: given,
          ...(await chosen.run({
            address,
            say: (line) => cli.out.note(line),
            ...(size === undefined ? {} : { size }),
          })),
        };
        if (cli.out.json) cli.out.emit(figures);
        else cli.out.records([fieldsOf(given, figures)]);
      }),
    );
  };
}

function inWords(them: readonly string[]): string {
  return them.join(' and ');
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
