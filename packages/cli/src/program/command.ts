/**
 * How commands are declared: what they do, examples first, and an action that gets the options and
 * what every command has in hand.
 */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Cli } from './cli.ts';

export type Options = Readonly<Record<string, unknown>>;
export type Action = (cli: Cli, args: readonly string[], options: Options) => Promise<void>;

/** What commander calls, of an action. */
export type Act = (action: Action) => (...received: unknown[]) => Promise<void>;

/**
 * A family of commands adds itself to the program. Its actions load what they need when they run:
 * `--help` and `status` must be fast.
 */
export type Family = (program: Command, act: Act) => void;

const examples = new WeakMap<Command, readonly string[]>();

export function command(
  parent: Command,
  usage: string,
  description: string,
  shown: readonly string[],
): Command {
  const made = parent.command(usage).description(description);
  showExamples(made, shown);
  return made;
}

const withOwnOptions = new WeakSet<Command>();

/** What stands behind its name is read by somebody else, `--help` too. */
export function readsItsOwnOptions(of: Command): void {
  withOwnOptions.add(of);
}

export function hasOwnOptions(of: Command): boolean {
  return withOwnOptions.has(of);
}

export function showExamples(of: Command, shown: readonly string[]): void {
  examples.set(of, shown);
}

export function examplesOf(of: Command): readonly string[] {
  return examples.get(of) ?? [];
}

export function wholeNumber(
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`It must be a whole number ${range(least, most)}.`);
    return value;
  };
}

export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`It must be a number ${range(least, most)}.`);
    return value;
  };
}

function range(least: number, most: number): string {
  return most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
}

/** One character; `tab` is one that a shell makes hard to write. */
export function oneCharacter(text: string): string {
  const value = text === 'tab' || text === '\\t' ? '\t' : text;
  if ([...value].length !== 1 || value === '"' || /[\r\n]/.test(value))
    throw new InvalidArgumentError('It must be one character, or tab, and no quote or line break.');
  return value;
}

/** A time in ISO 8601; without a zone it counts as local. */
export function time(text: string): Date {
  const value = new Date(text);
  if (Number.isNaN(value.getTime()))
    throw new InvalidArgumentError('It must be a time, for example 2026-11-24T18:00:00Z.');
  return value;
}

export function oneOf(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
export function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
export function flag(value: unknown): boolean {
  return value === true;
}
