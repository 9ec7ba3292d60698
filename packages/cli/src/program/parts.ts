/** What the command line is given by the file that starts it. */
import type { Benchmark } from '../commands/bench.ts';

export interface Parts {
  /** The file of the program, which a command may start again in the background. */
  readonly entry: string;
  readonly benchmarks: readonly Benchmark[];
}
