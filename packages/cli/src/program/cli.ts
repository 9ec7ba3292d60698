/** What every command has in hand. */
import type { Host, Signals } from '@postrider/runner/process';
import type { Output } from '../output/output.ts';

export interface Cli extends Host {
  /** The file of the program, to start it again in the background. */
  readonly entry: string;
  readonly out: Output;
  /** Aborts at the first Ctrl-C or SIGTERM, for commands that `catchSignals`; others just end. */
  readonly signals: Signals;
}
