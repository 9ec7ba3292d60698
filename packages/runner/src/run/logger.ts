/**
 * The log goes to stderr: lines for people on a terminal, JSON by pino otherwise, unless told. No
 * password of a connection string stands in it.
 */
import type { Logger } from '@postrider/core';
import type { Settings } from '../config/settings.ts';
import { printable, redacted } from '../process/text.ts';

/** Who reads the log. */
export interface LogOutput {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Whether somebody watches. */
  readonly live: boolean;
  /** Colours what goes to stderr. */
  tint(style: 'dim' | 'cyan' | 'yellow' | 'red', text: string): string;
}

/** Whether the log is for people. */
export function isTextLog(out: LogOutput, format: Settings['logFormat']): boolean {
  return format === 'auto' ? process.stderr.isTTY && !out.json : format === 'text';
}

type Level = Settings['logLevel'];
const levels: readonly Level[] = ['debug', 'info', 'warn', 'error'];

export async function createLogger(
  out: LogOutput,
  level: Level,
  format: Settings['logFormat'],
): Promise<Logger> {
  const least: Level = out.verbose ? 'debug' : out.quiet ? 'error' : level;
  if (isTextLog(out, format)) return forPeople(out, least);
  const { default: pino } = await import('pino');
  // In step: what a process said before it was killed is there to be read.
  const log = pino(
    {
      level: least,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
      hooks: { streamWrite: redacted },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}

function forPeople(out: LogOutput, least: Level): Logger {
  const colors = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' } as const;
  const say =
    (level: Level) =>
    (fields: object, message: string): void => {
      if (levels.indexOf(level) < levels.indexOf(least)) return;
      // What is an event says all of it in its words.
      const rest = Object.entries('event' in fields ? {} : fields).map(
        ([name, value]) =>
          `${name}=${typeof value === 'string' ? printable(value) : JSON.stringify(value)}`,
      );
      const parts = [
        out.tint('dim', new Date().toTimeString().slice(0, 8)),
        out.tint(colors[level], level.padEnd(5)),
        message,
        ...(rest.length === 0 ? [] : [out.tint('dim', rest.join(' '))]),
      ];
      process.stderr.write(`${redacted(parts.join(' '))}\n`);
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
