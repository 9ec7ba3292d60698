/**
 * Which of the machine's errors a function raises: those of its source, and of the functions that
 * it calls.
 */
import assert from 'node:assert/strict';

/** A call by which an error does not come, although the sources alone say so. */
interface Stop {
  readonly from: string;
  readonly to: string;
  /** The codes that do not come; left out: none comes. */
  readonly codes?: readonly string[];
  readonly because: string;
}

const stops: readonly Stop[] = [
  {
    from: 'reopen_campaign',
    to: 'lock_for_sync',
    codes: ['PR013'],
    because: 'it has no token of a sync, whose lock could be lost',
  },
  {
    from: 'mend_event_partitions',
    to: 'event_partitions',
    codes: ['PR020'],
    because: 'it gives no number of months',
  },
  {
    from: 'run_housekeeping',
    to: 'run_housekeeping_part',
    because: 'what a part raises is caught and returned',
  },
  {
    from: 'conclude_restore',
    to: 'check_watermark',
    because: 'nothing is remembered there, and the printers that are held are there',
  },
];

export function codesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/PR\d{3}/g)].map(([code]) => code))].toSorted();
}

// A comment may name any function or code, and a hint, which is a literal, any function.
const COMMENT_OR_LITERAL = /--[^\n]*|'(?:[^']|'')*'/g;

function ownCodes(source: string): string[] {
  return codesOf(
    [...source.matchAll(COMMENT_OR_LITERAL)].filter(([text]) => /^'PR\d{3}'$/.test(text)).join(),
  );
}

function callees(source: string): Set<string> {
  const calls = source.replaceAll(COMMENT_OR_LITERAL, '').matchAll(/\bpostrider\.(\w+)\(/g);
  return new Set([...calls].map(([, name = '']) => name));
}

/** @param sources by name; those of functions that share a name stand together. */
export function errorsRaised(sources: ReadonlyMap<string, string>): (name: string) => string[] {
  const raised = (name: string, above: ReadonlySet<string>): Set<string> => {
    const source = sources.get(name) ?? '';
    const codes = new Set(ownCodes(source));
    const path = new Set([...above, name]);
    for (const callee of callees(source)) {
      if (path.has(callee)) continue;
      const stop = stops.find(({ from, to }) => from === name && to === callee);
      for (const code of raised(callee, path))
        if (stop === undefined || (stop.codes !== undefined && !stop.codes.includes(code)))
          codes.add(code);
    }
    return codes;
  };
  for (const { from, to, codes } of stops) {
    assert.ok(callees(sources.get(from) ?? '').has(to), `${from} does not call ${to}`);
    const stopped = raised(to, new Set());
    assert.ok((codes ?? [...stopped]).length > 0, `${to} raises nothing`);
    for (const code of codes ?? []) assert.ok(stopped.has(code), `${to} does not raise ${code}`);
  }
  return (name) => [...raised(name, new Set())].toSorted();
}
