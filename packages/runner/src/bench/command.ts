/**
 * `postrider bench`. Progress goes to stderr; the last line of stdout is one JSON object with the
 * figures and what they come from.
 */
import { benchMachine } from './machine.ts';
import { benchPipeline } from './pipeline.ts';
import { benchIdle, benchLatency, benchQueries } from './rest.ts';

export const benches = ['machine', 'pipeline', 'latency', 'idle', 'queries'] as const;
export type Bench = (typeof benches)[number];

export interface BenchOptions {
  readonly url: string;
  /** People in `pipeline` (default 6,000) and `queries` (default a million). */
  readonly people?: number;
  readonly say: (line: string) => void;
}

/**
 * Runs one bench in a scratch database beside the one at `url`, which is dropped afterwards. The
 * role needs CREATEDB.
 */
export async function bench(which: Bench, options: BenchOptions): Promise<object> {
  switch (which) {
    case 'machine':
      return { bench: which, ...(await benchMachine(options.url, options.say)) };
    case 'pipeline':
      return { bench: which, ...(await benchPipeline(options.url, options.say, options.people)) };
    case 'latency':
      return { bench: which, ...(await benchLatency(options.url, options.say)) };
    case 'idle':
      return { bench: which, ...(await benchIdle(options.url, options.say)) };
    case 'queries':
      return { bench: which, ...(await benchQueries(options.url, options.say, options.people)) };
  }
}
