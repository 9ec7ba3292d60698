/**
 * The benchmarks, as `postrider bench` lists and runs them. Each works in a scratch database beside
 * the one at `address`, which is dropped afterwards; the role needs CREATEDB. What one needs is
 * loaded when it runs: to list them costs nothing.
 */
import type { DatabaseAddress } from '@postrider/core';
export interface BenchmarkOptions {
  readonly address: DatabaseAddress;
  /** How many of `counts`; only where the benchmark takes it. */
  readonly size?: number;
  /** Progress, a line at a time. */
  readonly say: (line: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** What is measured, in half a sentence. */
  readonly about: string;
  /** What its size counts, and how many unless told, in words; null: it cannot be chosen. */
  readonly size: { readonly counts: 'people' | 'events' | 'cards'; readonly usual: string } | null;
  /** Resolves with the figures and what they come from. */
  run(options: BenchmarkOptions): Promise<object>;
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'machine',
    about: 'audited moves against bare SQL',
    size: null,
    run: async ({ address, say }) =>
      await (await import('./machine.ts')).benchMachine(address, say),
  },
  {
    name: 'pipeline',
    about:
      'recipients a second from pending to received, against plain SQL and ' +
      'against one job per recipient',
    size: { counts: 'people', usual: '6,000' },
    run: async ({ address, say, size }) =>
      await (await import('./pipeline.ts')).benchPipeline(address, say, size),
  },
  {
    name: 'latency',
    about: 'from pending to proofing on an idle system',
    size: null,
    run: async ({ address, say }) =>
      await (await import('./latency.ts')).benchLatency(address, say),
  },
  {
    name: 'idle',
    about: 'statements a minute of an idle runner',
    size: null,
    run: async ({ address, say }) => await (await import('./idle.ts')).benchIdle(address, say),
  },
  {
    name: 'artwork',
    about: 'pages a second that are cut out of a document of cards, for printers by the card',
    size: { counts: 'people', usual: '250' },
    run: async ({ say, size }) => await (await import('./artwork.ts')).benchArtwork(say, size),
  },
  {
    name: 'queries',
    about: 'the questions of operators with a million people',
    size: { counts: 'people', usual: 'a million' },
    run: async ({ address, say, size }) =>
      await (await import('./queries.ts')).benchQueries(address, say, size),
  },
  {
    name: 'webhooks',
    about:
      'signed webhooks a second that a runner takes and keeps, from a process outside, while the ' +
      'pipeline goes on beside it; and whether each is applied, once',
    size: { counts: 'events', usual: '1,000,000' },
    run: async ({ address, say, size }) =>
      await (await import('./webhooks.ts')).benchWebhooks(address, say, size),
  },
  {
    name: 'submit',
    about:
      "cards a second that a runner orders at Lob's twin, which answers after 150 ms; and how " +
      "two runners keep Lob's limit, and use it",
    size: { counts: 'cards', usual: '5,000' },
    run: async ({ address, say, size }) =>
      await (await import('./submit.ts')).benchSubmit(address, say, size),
  },
];
