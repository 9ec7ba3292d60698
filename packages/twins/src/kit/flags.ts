/**
 * The options of a twin as one table for the library, the command line and the child process, so
 * that the three cannot drift apart.
 */
import { parseArgs } from 'node:util';
import { exitCodes, messageOf, TwinError } from './errors.ts';

export type Flag =
  | {
      readonly type: 'string' | 'strings';
      readonly value: string;
      readonly help: string;
      /** Never handed to a child process by its command line, which everybody can read. */
      readonly secret?: true;
    }
  | {
      readonly type: 'number';
      readonly least: number;
      readonly most: number;
      readonly value: string;
      readonly help: string;
    }
  | { readonly type: 'choice'; readonly choices: readonly string[]; readonly help: string }
  /** `unset` is true by default and has a flag `--no-…`. */
  | { readonly type: 'boolean' | 'unset'; readonly help: string };

/** By the name of the option. */
export type Flags = Readonly<Record<string, Flag>>;
type Given = Readonly<Record<string, unknown>>;

export const percent = { type: 'number', least: 0, most: 100 } as const;
export const milliseconds = { type: 'number', least: 0, most: 3_600_000 } as const;

function flagName(name: string, flag: Flag): string {
  const dashed = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return flag.type === 'unset' ? `no-${dashed}` : dashed;
}

/** The lines of `--help`. */
export function flagLines(flags: Flags): string {
  const own = Object.entries(flags).map(([name, flag]) => {
    const value = 'value' in flag ? ` <${flag.value}>` : flag.type === 'choice' ? ' <which>' : '';
    return [`--${flagName(name, flag)}${value}`, flag.help] as const;
  });
  return [
    ...own,
    ['--until-stdin-ends', 'stop when standard input is closed'] as const,
    ['--help', 'this text'] as const,
  ]
    .map(([flag, help]) => `  ${flag.padEnd(32)} ${help}`)
    .join('\n');
}

/** The command line that gives a child process these options, without the secrets. */
export function toArguments(flags: Flags, options: Given): string[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    const value = options[name];
    const argument = `--${flagName(name, flag)}`;
    if (value === undefined || ('secret' in flag && flag.secret)) return [];
    if (flag.type === 'boolean') return value === true ? [argument] : [];
    if (flag.type === 'unset') return value === false ? [argument] : [];
    if (Array.isArray(value)) return value.map((one: string) => `${argument}=${one}`);
    return [`${argument}=${String(value as string | number)}`];
  });
}

export interface ReadArguments {
  readonly given: Given;
  readonly untilStdinEnds: boolean;
}

/** Null where `--help` was asked. Throws `TwinError` (usage). */
export function readArguments(flags: Flags, argv: readonly string[]): ReadArguments | null {
  const table = Object.entries(flags);
  const types = table.map(([name, flag]) => {
    const type =
      flag.type === 'boolean' || flag.type === 'unset' ? ('boolean' as const) : ('string' as const);
    return [flagName(name, flag), { type, multiple: flag.type === 'strings' }] as const;
  });
  let values: Record<string, unknown>;
  try {
    const flagTypes = {
      ...Object.fromEntries(types),
      help: { type: 'boolean' },
      'until-stdin-ends': { type: 'boolean' },
    } as const;
    ({ values } = parseArgs({ args: [...argv], options: flagTypes, strict: true }));
  } catch (error) {
    throw usageError(messageOf(error));
  }
  if (values['help'] === true) return null;
  const given: Record<string, unknown> = {};
  for (const [name, flag] of table) {
    const value = values[flagName(name, flag)];
    if (value === undefined) continue;
    given[name] =
      flag.type === 'number'
        ? toNumber(flagName(name, flag), value)
        : flag.type === 'unset'
          ? false
          : value;
  }
  return { given, untilStdinEnds: values['until-stdin-ends'] === true };
}

/**
 * The same with what every twin has: its folder, and its keys from the environment, with commas
 * between them. Null where `--help` was asked.
 */
export function readTwinArguments<Options extends { readonly folder: string }>(
  flags: Flags,
  argv: readonly string[],
  keys: string | undefined,
): { readonly options: Options; readonly untilStdinEnds: boolean } | null {
  const read = readArguments(flags, argv);
  if (read === null) return null;
  const { given, untilStdinEnds } = read;
  const options = {
    ...given,
    folder: typeof given['folder'] === 'string' ? given['folder'] : '',
    ...(keys === undefined ? {} : { keys: keys.split(',').map((key) => key.trim()) }),
  };
  return { options: options as unknown as Options, untilStdinEnds };
}

/** What was given, checked by the flags. Throws `TwinError` (usage). */
export function checkedOptions<Options extends { readonly folder: string }>(
  flags: Flags,
  options: Options,
): Partial<Options> {
  if (options.folder === '') throw usageError('--folder is missing: say where the ledger goes.');
  checkNumbers(flags, { ...options });
  checkChoices(flags, { ...options });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<Options>;
}

/** Throws `TwinError` (usage) where a value is none of those that there are. */
export function checkChoices(flags: Flags, options: Given): void {
  for (const [name, flag] of Object.entries(flags)) {
    const value = options[name];
    if (flag.type !== 'choice' || value === undefined) continue;
    if (typeof value !== 'string' || !flag.choices.includes(value)) {
      throw usageError(
        `--${flagName(name, flag)} must be one of ${flag.choices.join(', ')}, ` +
          `and is ${JSON.stringify(value)}.`,
      );
    }
  }
}

/** Throws `TwinError` (usage) where a number is out of its bounds. */
export function checkNumbers(flags: Flags, options: Given): void {
  for (const [name, flag] of Object.entries(flags)) {
    const value = options[name];
    if (flag.type !== 'number' || value === undefined) continue;
    if (typeof value !== 'number' || !(value >= flag.least && value <= flag.most)) {
      throw usageError(
        `--${flagName(name, flag)} must be a number from ${flag.least} to ${flag.most}, and is ${JSON.stringify(value)}.`,
      );
    }
  }
}

function toNumber(flag: string, text: unknown): number {
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  if (Number.isNaN(value))
    throw usageError(`--${flag} must be a number, and is ${JSON.stringify(text)}.`);
  return value;
}

export function usageError(message: string): TwinError {
  return new TwinError(exitCodes.usage, `${message.replace(/\.?$/, '.')} See --help.`);
}
