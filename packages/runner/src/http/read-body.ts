/**
 * Reads the bodies of webhooks, of which anybody can send some: the printer, and whether it signed,
 * are looked for once a body is whole. So all of them together hold a bounded number of bytes.
 */
import type { IncomingMessage } from 'node:http';

/** No printer sends more in one webhook; a larger body is not read to its end. */
export const LARGEST_WEBHOOK = 1024 * 1024;
// So much is read all the same, and thrown away: a sender that is cut off in the middle of sending
// never reads our answer.
const MOST_READ = 4 * LARGEST_WEBHOOK;
/**
 * A webhook of this size is taken whatever others hold: who opens many large ones must not keep all
 * others out. A thousand connections hold 32 MiB of these at most.
 */
const SMALL = 32 * 1024;
/** What a buffer takes beside its bytes: a body may come byte by byte. */
const BUFFER_COSTS = 256;

export type ReadBody =
  | { readonly outcome: 'whole'; readonly body: Uint8Array }
  | { readonly outcome: 'too_large' }
  /** Others hold so much already. */
  | { readonly outcome: 'no_room' };

export class BodyReader {
  readonly #most: number;
  #held = 0;

  /** @param most bytes that webhooks which are not small hold together. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * What is read is held until `use` has ended. Rejects where the sender breaks off.
   */
  async read<Result>(
    request: IncomingMessage,
    use: (read: ReadBody) => Promise<Result>,
  ): Promise<Result> {
    const holds = new Held((bytes) => (this.#held += bytes));
    try {
      const isRoom = (): boolean => holds.bytes <= SMALL || this.#held <= this.#most;
      return await use(await readBody(request, holds, isRoom));
    } finally {
      holds.letGo();
    }
  }
}

/** The bytes of one request. */
class Held {
  readonly #count: (bytes: number) => void;
  #chunks: Buffer[] = [];
  bytes = 0;

  constructor(count: (bytes: number) => void) {
    this.#count = count;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#counted(chunk.length + BUFFER_COSTS);
  }

  letGo(): void {
    this.#chunks = [];
    this.#counted(-this.bytes);
  }

  whole(): Uint8Array {
    const chunks = this.#chunks;
    this.#chunks = [];
    const [only] = chunks;
    return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  }

  #counted(bytes: number): void {
    this.bytes += bytes;
    this.#count(bytes);
  }
}

async function readBody(
  request: IncomingMessage,
  held: Held,
  isRoom: () => boolean,
): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_READ) return { outcome: 'too_large' };
  return await new Promise((resolve, reject) => {
    let size = 0;
    let refused: ReadBody | null = null;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (refused === null) held.add(chunk);
      if (size > LARGEST_WEBHOOK) refused = { outcome: 'too_large' };
      else if (!isRoom()) refused = { outcome: 'no_room' };
      if (refused !== null) held.letGo();
      if (size > MOST_READ) {
        request.pause();
        resolve({ outcome: 'too_large' });
      }
    });
    request.once('end', () => resolve(refused ?? { outcome: 'whole', body: held.whole() }));
    request.once('close', () => {
      // Of each request, also of one that was read to its end: an error costs more than to read it.
      if (!request.complete) reject(new Error('the sender broke off'));
    });
    request.once('error', reject);
  });
}
