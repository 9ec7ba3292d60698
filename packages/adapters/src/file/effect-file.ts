/**
 * Effects as lines of a file, each key once, however often and from however many runners it is
 * told.
 *
 * Under a lock, the part of the file that others have appended is read, what is new is appended in
 * one write and synced, and only then is it `done`. So the keys in memory never know less than the
 * file. A line that a crash cut off was never answered for: it is cut away.
 */
import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { AdapterWiring, CallContext, EffectItem, EffectResult } from '@postrider/core/ports';
import { withFileLock } from '../kit/file-lock.ts';
import { errorCode, isPassing } from '../kit/files.ts';
import { parseOptions } from '../kit/options.ts';
import { fileOptions } from './options.ts';

export type WriteEffects = (
  items: readonly EffectItem[],
  context: CallContext,
) => Promise<readonly EffectResult[]>;

export function createEffectFile(
  port: 'usageMeter' | 'eventSink',
  defaultName: string,
  options: unknown,
  wiring: AdapterWiring,
): WriteEffects {
  const { path } = parseOptions(port, fileOptions(defaultName), options);
  const file =
    path === undefined
      ? join(wiring.dataDirectory, defaultName)
      : resolve(wiring.baseDirectory, path);
  const known = new EffectFile(file);
  // Calls of this process go one after another: they share the keys, and the lock only keeps other
  // processes out.
  let turn: Promise<unknown> = Promise.resolve();

  return (items, context) => {
    if (items.length === 0) return Promise.resolve([]);
    const mine = turn.then(() => write(known, items, context));
    turn = mine.catch(() => undefined);
    return mine;
  };
}

async function write(
  file: EffectFile,
  items: readonly EffectItem[],
  { signal }: CallContext,
): Promise<readonly EffectResult[]> {
  const all = (result: EffectResult): readonly EffectResult[] => items.map(() => result);
  try {
    await file.append(items, signal);
    return all({ outcome: 'done' });
  } catch (error) {
    if (signal.aborted)
      return all({
        outcome: 'retry',
        afterMs: 0,
        message: 'The runner is stopping; nothing was written.',
      });
    // A repeat is harmless, so even a fault that looks lasting is only put off: a full disk or a
    // missing right is mended by somebody.
    return all({
      outcome: 'retry',
      afterMs: isPassing(error) ? 30_000 : 300_000,
      message:
        `${file.path} cannot be written (${errorCode(error) || String(error)}); ` +
        `nothing was counted, it is tried again.`,
    });
  }
}

/** The keys that a file has, as far as it was read. */
class EffectFile {
  readonly path: string;
  readonly #keys = new Set<string>();
  /** Bytes. */
  #known = 0;

  constructor(path: string) {
    this.path = path;
  }

  async append(items: readonly EffectItem[], signal: AbortSignal): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await withFileLock(`${this.path}.lock`, signal, async () => {
      const handle = await open(this.path, 'a+');
      try {
        await this.#catchUp(handle);
        await this.#appendNew(handle, items);
      } finally {
        await handle.close();
      }
    });
  }

  async #appendNew(handle: FileHandle, items: readonly EffectItem[]): Promise<void> {
    const fresh = new Map<string, EffectItem>();
    for (const item of items) if (!this.#keys.has(item.key)) fresh.set(item.key, item);
    if (fresh.size === 0) return;
    const lines = Buffer.from(
      [...fresh.values()].map((item) => `${JSON.stringify(line(item))}\n`).join(''),
    );
    await handle.appendFile(lines);
    await handle.sync();
    for (const key of fresh.keys()) this.#keys.add(key);
    this.#known += lines.length;
  }

  async #catchUp(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    if (size < this.#known) {
      // Somebody has replaced or emptied the file: what is not in it was not counted.
      this.#keys.clear();
      this.#known = 0;
    }
    let rest = Buffer.alloc(0);
    const chunk = Buffer.alloc(1024 * 1024);
    for (let position = this.#known; position < size;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      for (const text of bytes.toString('utf8', 0, end).split('\n')) this.#remember(text);
      this.#known += end;
      rest = Buffer.from(bytes.subarray(end));
    }
    if (rest.length > 0) await handle.truncate(this.#known);
  }

  #remember(text: string): void {
    if (text === '') return;
    try {
      const value: unknown = JSON.parse(text);
      if (
        typeof value === 'object' &&
        value !== null &&
        'key' in value &&
        typeof value.key === 'string'
      )
        this.#keys.add(value.key);
    } catch {
      // A line of somebody else's; it holds no key of ours.
    }
  }
}

function line({ attempt: _ofThisTime, reference, ...item }: EffectItem): unknown {
  return { ...item, ...reference };
}
