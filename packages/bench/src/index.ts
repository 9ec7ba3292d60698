/**
 * The benchmarks, as `postrider bench` lists and runs them. Each works in a scratch database beside
 * the one at `address`, which is dropped afterwards; the role needs CREATEDB. What one needs is
 * loaded when it runs: to list them costs nothing.
 */
import type { Address } from '@postrider/core';
export interface BenchmarkOptions {
  readonly address: Address;
  /** Only where the benchmark takes it. */
  readonly people?: number;
  /** Progress, a line at a time. */
  readonly say: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** What is measured, in half a sentence. */
  readonly about: string;
  /** How many people unless told, in words; null where that cannot be chosen. */
  readonly people: string | null;
  /** Resolves with the figures and what they come from. */
  run(options: BenchmarkOptions): Promise<object>;
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'machine',
    about: 'audited moves against bare SQL',
    people: null,
    run: async ({ address, say }) =>
      await (await import('./machine.ts')).benchMachine(address, say),
  },
  {
    name: 'pipeline',
    about:
      'recipients a second from pending to received, against plain SQL and ' +
      'against one job per recipient',
    people: '6,000 unless told',
    run: async ({ address, say, people }) =>
      await (await import('./pipeline.ts')).benchPipeline(address, say, people),
  },
  {
    name: 'latency',
    about: 'from pending to proofing on an idle system',
    people: null,
    run: async ({ address, say }) =>
      await (await import('./latency.ts')).benchLatency(address, say),
  },
  {
    name: 'idle',
    about: 'statements a minute of an idle runner',
    people: null,
    run: async ({ address, say }) => await (await import('./idle.ts')).benchIdle(address, say),
  },
  {
    name: 'artwork',
    about: 'pages a second that are cut out of a document of cards, for printers by the card',
    people: '250 unless told',
    run: async ({ say, people }) => await (await import('./artwork.ts')).benchArtwork(say, people),
  },
  {
    name: 'queries',
    about: 'the questions of operators with a million people',
    people: 'a million',
    run: async ({ address, say, people }) =>
      await (await import('./queries.ts')).benchQueries(address, say, people),
  },
];
