/** Asks before something cannot be undone. Never without a terminal: then --yes must say it. */
import { createInterface } from 'node:readline/promises';
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Output } from './output.ts';

export interface Question {
  /** What will happen, and to how many. */
  readonly what: string;
  /** What must be typed; default: yes. */
  readonly expect?: string;
  /** Answered already, by --yes. */
  readonly yes: boolean;
}

/** Throws `UserError` (usage) where nobody can be asked, and (failed) where the answer is no. */
export async function confirm(out: Output, { what, expect = 'yes', yes }: Question): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UserError(
      exitCodes.usage,
      `${what} This needs a confirmation.`,
      'there is no terminal to ask on: add --yes. Nothing was changed',
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${what}\nType ${out.tint('bold', expect)} to go on: `);
    if (answer.trim() !== expect)
      throw new UserError(exitCodes.failed, 'not confirmed', 'nothing was changed');
  } finally {
    terminal.close();
  }
}
