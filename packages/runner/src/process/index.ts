/** What a process tells people: errors, exit codes, signals, words. Costs nothing to load. */
export { exitCodes, type ExitCode } from './exit-codes.ts';
export type { Host } from './host.ts';
export { Signals } from './signals.ts';
export { count, duration, printable, redacted } from './text.ts';
export { messageOf, UserError } from './user-error.ts';
