/** Asks for a secret on a terminal, and shows nothing of what is typed. */
import { exitCodes, UserError } from '@postrider/runner/process';

const ENTER = new Set(['\r', '\n']);
const [INTERRUPT, END, ERASE, BACKSPACE] = ['\u0003', '\u0004', '\u007f', '\b'];

/** Throws `UserError` where there is no terminal, or where it is broken off. */
export async function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY)
    throw new UserError(
      exitCodes.usage,
      `${question} is needed, and there is no terminal to ask on`,
      'say where it is: --secret-from env:NAME, file:PATH, or - for stdin. Nothing was changed',
    );
  // Before the question: the terminal itself shows what is typed until then.
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    const answer = typed();
    stderr.write(`${question} (not shown): `);
    return await answer;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

async function typed(): Promise<string> {
  let value = '';
  return await new Promise((resolve, reject) => {
    const hear = (text: string): void => {
      for (const letter of text) {
        if (letter === INTERRUPT || letter === END) {
          process.stdin.off('data', hear);
          reject(new UserError(exitCodes.interrupted, 'broken off', 'nothing was changed'));
          return;
        }
        if (ENTER.has(letter)) {
          process.stdin.off('data', hear);
          resolve(value);
          return;
        }
        if (letter === ERASE || letter === BACKSPACE) value = value.slice(0, -1);
        else value += letter;
      }
    };
    process.stdin.on('data', hear);
  });
}
