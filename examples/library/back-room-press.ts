/**
 * The printer port: a press in the back room that prints each file that appears in its folder. It
 * is the one port where a mistake costs paper, so this file is about one question: was the card
 * printed or not?
 *
 * - `submit` may be repeated after a crash, with the same mailpiece and key. The file is linked
 *   into place, whole, under a name of its own: the second
 *   time finds it there, and says so. The folder is the ledger, nothing is ever taken out of it.
 * - A result is `retry` only where it is proven that nothing was made, and `unknown` where it
 *   cannot be told. Whatever is thrown counts as unknown too.
 * - `find` answers by our reference, so that an unknown outcome can be cleared up.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  isNamed,
  type SendGuard,
  type SendStoppedError,
  type PieceRequest,
  type Printer,
  type SubmitResult,
} from '@postrider/core';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function pageOf({
  url,
  page,
}: {
  readonly url: string;
  readonly page: number;
}): Promise<string> {
  const text = (await readFile(fileURLToPath(url), 'utf8')).split('\f')[page - 1];
  if (text === undefined) throw new Error(`${url} has no page ${page}`);
  return text;
}

export function backRoomPress(folder: string): Printer {
  mkdirSync(folder, { recursive: true });
  const fileOf = (mailpieceId: string): string => join(folder, `${mailpieceId}.txt`);

  const print = async (piece: PieceRequest, guard: SendGuard): Promise<SubmitResult> => {
    const id = piece.reference.mailpieceId;
    const accepted = (replayed: boolean): SubmitResult => ({
      outcome: 'accepted',
      providerId: id,
      replayed,
      expectedDelivery: null,
    });
    // Test mode never prints.
    if (piece.mode === 'test') return accepted(false);
    let card: string;
    try {
      const { front, back } = piece.artwork;
      card = `${await pageOf(front)}\n${'-'.repeat(40)}\n${await pageOf(back)}\n`;
    } catch (error) {
      return {
        outcome: 'rejected',
        reason: 'bad_artwork',
        message: messageOf(error),
        badAddress: false,
      };
    }
    const draft = join(folder, `.${randomUUID()}`);
    try {
      await writeFile(draft, card);
      // Immediately before the effect: a process that slept must not print what another runner has
      // taken over.
      guard.assertMaySend();
      await link(draft, fileOf(id));
      return accepted(false);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return accepted(true);
      if (isNamed<SendStoppedError>(error, 'SendStoppedError'))
        return { outcome: 'retry', afterMs: 0, message: error.message };
      if (codeOf(error) === 'ENOSPC')
        return { outcome: 'retry', afterMs: 60_000, message: 'the disk of the press is full' };
      return { outcome: 'unknown', message: messageOf(error) };
    } finally {
      await rm(draft, { force: true });
    }
  };

  return {
    takes: ['text/plain'],
    keyLifetimeMs: Number.MAX_SAFE_INTEGER,
    readLagMs: 0,
    timeoutMs: 5000,
    maxBatch: 20,
    async submit(pieces, guard, { signal }) {
      const results: SubmitResult[] = [];
      for (const piece of pieces)
        results.push(
          signal.aborted
            ? { outcome: 'retry', afterMs: 0, message: 'the service is stopping' }
            : await print(piece, guard),
        );
      return results;
    },
    async find(pieces) {
      return await Promise.all(
        pieces.map(async ({ reference: { mailpieceId } }) => {
          try {
            await stat(fileOf(mailpieceId));
            return { outcome: 'found' as const, providerId: mailpieceId };
          } catch (error) {
            // Absent must be proven: a folder that cannot be read proves nothing.
            return codeOf(error) === 'ENOENT'
              ? { outcome: 'absent' as const }
              : { outcome: 'cannot_tell' as const, message: messageOf(error) };
          }
        }),
      );
    },
    cancel: async (ids) =>
      await Promise.resolve(
        ids.map(() => ({ outcome: 'too_late', message: 'the press prints at once' })),
      ),
    // It sends no webhooks: the service says what the postman took, by `pipeline.applyEvents`.
    verifyWebhook: () => ({
      valid: false,
      message: 'the press in the back room sends no webhooks',
    }),
    parseWebhook: () => [],
  };
}
