/**
 * One command line: reads it, runs it, and turns whatever goes wrong into a sentence and an exit
 * code.
 */
import { UserError, exitCodes, printable } from '@postrider/runner/process';
import { CommanderError } from 'commander';
import { explain } from './errors/explain.ts';
import { endOnLostOutput, type Output } from './output/output.ts';
import type { Parts } from './program/parts.ts';
import { buildProgram, type Program } from './program/program.ts';
import { printableLines } from './output/text.ts';

const VERSION = '0.1.0';

/** Resolves with the exit code. */
export async function main(parts: Parts): Promise<number> {
  const program = buildProgram(VERSION, parts);
  endOnLostOutput(({ code }) =>
    failed(
      new UserError(
        exitCodes.cannotWrite,
        `stdout cannot be written (${code ?? 'unknown'})`,
        'what the command did stands; what it had to say is lost',
      ),
      program.out,
    ),
  );
  try {
    await program.parse(process.argv);
    return Number(process.exitCode ?? exitCodes.ok);
  } catch (error) {
    return error instanceof CommanderError ? misused(error, program) : failed(error, program.out);
  }
}

/** commander throws for `--help` and `--version` too; what was asked for is no error. */
function misused(error: CommanderError, program: Program): number {
  const { out } = program;
  if (error.exitCode === 0) return exitCodes.ok;
  const helps = `see ${program.helpFor(process.argv)}`;
  if (error.code === 'postrider.nothing' || (error.code === 'commander.help' && !out.json)) {
    process.stderr.write(error.code === 'commander.help' ? '' : error.message);
    return exitCodes.usage;
  }
  const message =
    error.code === 'commander.help'
      ? 'a command is missing'
      : error.message.replace(/^error: /, '');
  if (out.json)
    process.stderr.write(
      `${JSON.stringify({
        error: { code: 'usage', message, hint: helps, exitCode: exitCodes.usage, detail: {} },
      })}\n`,
    );
  else
    process.stderr.write(
      `${out.tint('red', 'postrider:')} ` + `${message}\n${out.tint('dim', helps)}\n`,
    );
  return exitCodes.usage;
}

function failed(error: unknown, out: Output): number {
  const { message, hint, exitCode, code, detail } = explain(error);
  if (out.json)
    process.stderr.write(
      `${JSON.stringify({ error: { code, message, hint, exitCode, detail: detail ?? {} } })}\n`,
    );
  else {
    // What the machine says is one line each, whatever somebody once wrote as a reason.
    const shown = code.startsWith('PR') ? printable : printableLines;
    process.stderr.write(`${out.tint('red', 'postrider:')} ${shown(message)}\n`);
    if (hint !== null) process.stderr.write(`${shown(hint)}\n`);
  }
  if (out.verbose && error instanceof Error && error.stack !== undefined) {
    out.detail(explain(new Error(error.stack)).message);
  }
  return exitCode;
}
