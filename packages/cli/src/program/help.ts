/** The face of `--help`: one sentence, examples, and then the rest. */
import type { Command, Help, Option } from 'commander';
import { exitCodeMeanings } from '../errors/exit-code-meanings.ts';
import { examplesOf } from './command.ts';
import type { Output } from '../output/output.ts';
import { wrapped } from '../output/table.ts';

/** The commands of the program by what one wants to do. */
export type Groups = readonly (readonly [
  title: string,
  commands: readonly (readonly [name: string, summary: string])[],
])[];

export function formatHelp(command: Command, help: Help, groups: Groups, out: Output): string {
  const name = fullName(command);
  const width = Math.min(help.helpWidth ?? 100, 120);
  const title = (text: string): string => out.paint('bold', text);
  const sections: string[] = [wrapped(command.description(), width).join('\n')];

  const shown = examplesOf(command);
  if (shown.length > 0)
    sections.push([title('Examples'), ...shown.map((line) => example(line, out))].join('\n'));
  sections.push(`${title('Usage')}\n  ${usage(command, name)}`);

  const argumentsShown = command.registeredArguments.filter(
    ({ description }) => description !== '',
  );
  if (argumentsShown.length > 0) {
    sections.push(
      section(
        title('Arguments'),
        argumentsShown.map((one) => [one.name(), help.argumentDescription(one)]),
        { width },
      ),
    );
  }
  const commands = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  if (command.parent === null) {
    const term = Math.max(...groups.flatMap(([, members]) => members.map(([one]) => one.length)));
    for (const [group, members] of groups) {
      const there = members.filter(([wanted]) => commands.some((one) => one.name() === wanted));
      if (there.length > 0) sections.push(section(title(group), there, { width, least: term }));
    }
  } else if (commands.length > 0) {
    sections.push(
      section(
        title('Commands'),
        commands.map((one) => [termOf(one), firstSentence(one)]),
        { width },
      ),
    );
  }
  const options = (list: readonly Option[]): [string, string][] =>
    list
      .filter(({ long }) => long !== '--help')
      .map((one) => [help.optionTerm(one), help.optionDescription(one)]);
  const own = options(help.visibleOptions(command));
  if (own.length > 0 && command.parent !== null)
    sections.push(section(title('Options'), own, { width }));
  const root = rootOf(command);
  if (command.parent === null) {
    sections.push(
      section(
        title('Options of every command'),
        [...own, ['-h, --help', 'this text; of a command with `<command> --help`']],
        { width },
      ),
    );
    sections.push(
      [
        title('Exit codes'),
        ...wrapped(
          exitCodeMeanings
            .map(([code, meaning]) => `${code}\u00a0${meaning.replaceAll(' ', '\u00a0')}`)
            .join(' · '),
          width - 2,
        ).map((line) => `  ${line.replaceAll('\u00a0', ' ')}`),
      ].join('\n'),
    );
  } else {
    const names = options(help.visibleOptions(root)).map(([term]) =>
      term.split(/[ ,]+/).findLast((part) => part.startsWith('--')),
    );
    sections.push(
      out.paint('dim', `Of every command: ${names.join(', ')}; see ${root.name()} --help`),
    );
  }
  return `${sections.join('\n\n')}\n`;
}

function section(
  title: string,
  rows: readonly (readonly [string, string])[],
  { width, least = 0 }: { readonly width: number; readonly least?: number },
): string {
  const terms = Math.max(least, ...rows.map(([term]) => term.length));
  const room = Math.max(30, width - terms - 4);
  const lines = rows.flatMap(([term, text]) =>
    wrapped(text, room).map((line, index) =>
      `  ${(index === 0 ? term : '').padEnd(terms)}  ${line}`.trimEnd(),
    ),
  );
  return [title, ...lines].join('\n');
}

/** `command   # what it does`, the remark dimmed. */
function example(line: string, out: Output): string {
  const at = line.indexOf('  # ');
  return at < 0 ? `  ${line}` : `  ${line.slice(0, at)}${out.paint('dim', line.slice(at))}`;
}

function firstSentence(command: Command): string {
  const [sentence = ''] = command.description().split(/(?<=[.:]) |\n/);
  return sentence.replace(/[.:]$/, '');
}

function termOf(command: Command): string {
  const operands = command.registeredArguments.map((one) => {
    const name = one.name() + (one.variadic ? '…' : '');
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...operands].join(' ');
}

function usage(command: Command, name: string): string {
  const operands = termOf(command).split(' ').slice(1);
  return [name, command.commands.length > 0 ? '<command>' : '', ...operands, '[options]']
    .filter(Boolean)
    .join(' ');
}

/** `postrider campaign apply` */
export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
