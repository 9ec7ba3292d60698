/**
 * What a server said during one attempt to start it, out of files that also hold what earlier ones
 * said.
 */
import { closeSync, fstatSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Output of the postmaster until its log collector takes over; each start begins it anew. */
export const START_LOG = 'start.log';

const TAIL_BYTES = 16_384;

/**
 * Remembers where the log files end now; the function it gives reads what was added since, first
 * words first.
 */
export function listen(logDir: string): () => string {
  const marks = new Map(
    files(logDir).map((name) => [name, name === START_LOG ? 0 : sizeOf(join(logDir, name))]),
  );
  return () =>
    files(logDir)
      .toSorted((a, b) => Number(b === START_LOG) - Number(a === START_LOG))
      .map((name) => readFrom(join(logDir, name), marks.get(name) ?? 0))
      .join('')
      .trim();
}

function files(logDir: string): string[] {
  try {
    return readdirSync(logDir).filter((name) => name.endsWith('.log'));
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readFrom(path: string, mark: number): string {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      // Smaller than before: it was rotated.
      const from = Math.max(size < mark ? 0 : mark, size - TAIL_BYTES);
      const chunk = Buffer.alloc(size - from);
      readSync(file, chunk, 0, chunk.length, from);
      return chunk.toString('utf8');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
