/**
 * An append-only file of JSON lines: a twin's memory.
 *
 * An entry counts once its line is complete, and is spoken of once it is on the disk. Entries that
 * arrive while a write is under way share the next one (group commit), so that fifty clients cost
 * one fsync and not fifty. A process killed in the middle of a line leaves a torn tail; nobody was
 * told of it, so it is cut off on opening. A bad line anywhere else is damage, and the twin refuses
 * to guess.
 *
 * After a failed write or fsync the file's state is unknown, and retrying an fsync may report
 * success for pages that were dropped: from then on every append fails, and only opening the file
 * anew finds out what is there.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crash, crashesAt, crashPoint } from './crash-points.ts';
import { exitCodes, messageOf, TwinError } from './errors.ts';
import { syncFolder } from './files.ts';

const NEWLINE = 0x0a;
const READ_SIZE = 1 << 20;

/** What errors call the twin, and what it acknowledges: for example `shop` and `piece`. */
export interface LedgerWords {
  readonly twin: string;
  readonly entry: string;
}

export class Ledger<Entry extends object> {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #words: LedgerWords;
  readonly #onBroken: (error: TwinError) => void;
  #waiting: string[] = [];
  #next: PromiseWithResolvers<void> | null = null;
  #current: Promise<void> = Promise.resolve();
  #writing = false;
  #broken: TwinError | null = null;

  private constructor(
    file: FileHandle,
    path: string,
    words: LedgerWords,
    onBroken: (error: TwinError) => void,
  ) {
    this.#file = file;
    this.#path = path;
    this.#words = words;
    this.#onBroken = onBroken;
  }

  /**
   * Hands every entry to `replay`, in order, cuts off a torn tail, and opens the file for
   * appending. Throws `TwinError` where it is damaged.
   */
  static async open<Entry extends object>(
    path: string,
    words: LedgerWords,
    replay: (entry: Entry) => void,
    onBroken: (error: TwinError) => void,
  ): Promise<Ledger<Entry>> {
    const file = await open(path, 'a+', 0o600);
    try {
      const whole = await readLines(file, (line, number) => {
        try {
          replay(JSON.parse(line) as Entry);
        } catch (error) {
          throw new TwinError(
            exitCodes.badData,
            `Line ${number} of the ledger ${path} cannot be used: ${messageOf(error)}. ` +
              `Nothing was changed. Restore the file from a backup, ` +
              `or start the ${words.twin} in an empty folder.`,
            { cause: error },
          );
        }
      });
      await file.truncate(whole);
      await file.sync();
      await syncFolder(dirname(path));
      return new Ledger<Entry>(file, path, words, onBroken);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves when the entry is on the disk. */
  append(entry: Entry): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    this.#waiting.push(`${JSON.stringify(entry)}\n`);
    this.#next ??= Promise.withResolvers<void>();
    const { promise } = this.#next;
    if (!this.#writing) void this.#write();
    return promise;
  }

  /** Resolves when everything appended so far is on the disk. */
  settled(): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    return this.#next?.promise ?? this.#current;
  }

  async close(): Promise<void> {
    await this.settled().catch(() => undefined);
    await this.#file.close();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#next !== null && this.#broken === null) {
      const group = this.#next;
      const lines = Buffer.from(this.#waiting.join(''));
      this.#current = group.promise;
      this.#waiting = [];
      this.#next = null;
      try {
        if (crashesAt('mid-append')) {
          await this.#file.appendFile(lines.subarray(0, lines.length / 2));
          crash();
        }
        await this.#file.appendFile(lines);
        crashPoint('before-sync');
        await this.#file.datasync();
        group.resolve();
      } catch (error) {
        this.#break(error, group);
      }
    }
    this.#writing = false;
  }

  #break(error: unknown, group: PromiseWithResolvers<void>): void {
    const broken = new TwinError(
      exitCodes.ioError,
      `The ledger ${this.#path} cannot be written: ${messageOf(error)}. Every ${this.#words.entry} that was acknowledged is kept; the ${this.#words.twin} takes no more until it is started again.`,
      { cause: error },
    );
    this.#broken = broken;
    const later = this.#next as PromiseWithResolvers<void> | null;
    this.#next = null;
    // Nobody may be waiting for these; a rejection that nobody hears would end the host process.
    group.promise.catch(() => undefined);
    later?.promise.catch(() => undefined);
    group.reject(broken);
    later?.reject(broken);
    this.#onBroken(broken);
  }
}

/** Calls `take` for every complete line and returns how many bytes they fill. */
async function readLines(
  file: FileHandle,
  take: (line: string, number: number) => void,
): Promise<number> {
  const chunk = Buffer.allocUnsafe(READ_SIZE);
  let unfinished: Buffer[] = [];
  let position = 0;
  let whole = 0;
  let number = 0;
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, READ_SIZE, position);
    if (bytesRead === 0) return whole;
    let start = 0;
    for (;;) {
      const end = chunk.subarray(0, bytesRead).indexOf(NEWLINE, start);
      if (end === -1) break;
      const line = Buffer.concat([...unfinished, chunk.subarray(start, end)]).toString();
      unfinished = [];
      start = end + 1;
      whole = position + start;
      take(line, (number += 1));
    }
    if (start < bytesRead) unfinished.push(Buffer.from(chunk.subarray(start, bytesRead)));
    position += bytesRead;
  }
}
