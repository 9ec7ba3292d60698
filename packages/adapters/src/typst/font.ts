/**
 * Reads from a TrueType or OpenType font what the renderer must know before it prints: its names,
 * and which characters it can draw. A character that no font has comes out as an empty box, which a
 * press prints without complaint.
 */

export interface FontFacts {
  /** As a template names it, for example `Lora`. */
  readonly family: string;
  /** As a PDF names it, for example `Lora-Bold`. */
  readonly postScriptName: string;
  /** Inclusive ranges of code points, ascending. */
  readonly coverage: readonly (readonly [number, number])[];
}

/** Throws an error with a sentence where the bytes are not such a font. */
export function readFont(bytes: Buffer): FontFacts {
  try {
    const version = bytes.readUInt32BE(0);
    if (version !== 0x00010000 && version !== 0x4f54544f && version !== 0x74727565)
      throw new RangeError('no sfnt header');
    const tables = new Map<string, number>();
    for (let index = 0; index < bytes.readUInt16BE(4); index++) {
      const record = 12 + 16 * index;
      tables.set(bytes.toString('latin1', record, record + 4), bytes.readUInt32BE(record + 8));
    }
    const names = readNames(bytes, tables.get('name') ?? NaN);
    const family = names.get(16) ?? names.get(1);
    const postScriptName = names.get(6);
    if (family === undefined || postScriptName === undefined) throw new RangeError('no name');
    return { family, postScriptName, coverage: readCoverage(bytes, tables.get('cmap') ?? NaN) };
  } catch (error) {
    throw new Error('is not a TrueType or OpenType font (.ttf, .otf)', { cause: error });
  }
}

function readNames(bytes: Buffer, table: number): Map<number, string> {
  const names = new Map<number, string>();
  const strings = table + bytes.readUInt16BE(table + 4);
  for (let index = 0; index < bytes.readUInt16BE(table + 2); index++) {
    const record = table + 6 + 12 * index;
    const [platform, language, id] = [
      bytes.readUInt16BE(record),
      bytes.readUInt16BE(record + 4),
      bytes.readUInt16BE(record + 6),
    ];
    // Windows platform, US English: the one that every font has.
    if (platform !== 3 || language !== 0x409) continue;
    const start = strings + bytes.readUInt16BE(record + 10);
    const raw = Buffer.from(bytes.subarray(start, start + bytes.readUInt16BE(record + 8)));
    names.set(id, raw.swap16().toString('utf16le'));
  }
  return names;
}

function readCoverage(bytes: Buffer, table: number): (readonly [number, number])[] {
  let best: { format: number; at: number } | null = null;
  for (let index = 0; index < bytes.readUInt16BE(table + 2); index++) {
    const at = table + bytes.readUInt32BE(table + 4 + 8 * index + 4);
    const format = bytes.readUInt16BE(at);
    if ((format === 4 || format === 12) && format > (best?.format ?? 0)) best = { format, at };
  }
  if (best === null) throw new RangeError('no Unicode character map');
  return mergeRanges(
    best.format === 12 ? readGroups(bytes, best.at) : readSegments(bytes, best.at),
  );
}

function readGroups(bytes: Buffer, at: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (let index = 0; index < bytes.readUInt32BE(at + 12); index++) {
    const group = at + 16 + 12 * index;
    ranges.push([bytes.readUInt32BE(group), bytes.readUInt32BE(group + 4)]);
  }
  return ranges;
}

function readSegments(bytes: Buffer, at: number): [number, number][] {
  const count = bytes.readUInt16BE(at + 6) / 2;
  const [ends, starts] = [at + 14, at + 16 + 2 * count];
  const [deltas, offsets] = [starts + 2 * count, starts + 4 * count];
  const ranges: [number, number][] = [];
  for (let index = 0; index < count; index++) {
    const [start, end] = [
      bytes.readUInt16BE(starts + 2 * index),
      bytes.readUInt16BE(ends + 2 * index),
    ];
    const [delta, offset] = [
      bytes.readUInt16BE(deltas + 2 * index),
      bytes.readUInt16BE(offsets + 2 * index),
    ];
    for (let code = start; code <= end && code < 0xffff; code++) {
      const slot =
        offset === 0 ? code : bytes.readUInt16BE(offsets + 2 * index + offset + 2 * (code - start));
      // Glyph 0 is the empty box: a segment may hold gaps of it.
      const glyph = offset !== 0 && slot === 0 ? 0 : (slot + delta) & 0xffff;
      if (glyph !== 0) ranges.push([code, code]);
    }
  }
  return ranges;
}

export function mergeRanges(
  ranges: readonly (readonly [number, number])[],
): (readonly [number, number])[] {
  const merged: [number, number][] = [];
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1] + 1) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** The characters that all of the sets have. */
export function intersectRanges(
  sets: readonly (readonly (readonly [number, number])[])[],
): (readonly [number, number])[] {
  return sets.reduce<readonly (readonly [number, number])[]>(
    (common, set) => {
      const result: [number, number][] = [];
      for (let i = 0, j = 0; i < common.length && j < set.length;) {
        const [a, b] = [common[i] ?? [0, -1], set[j] ?? [0, -1]];
        const [start, end] = [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
        if (start <= end) result.push([start, end]);
        if (a[1] < b[1]) i++;
        else j++;
      }
      return result;
    },
    [[0, 0x10ffff]],
  ) as (readonly [number, number])[];
}
