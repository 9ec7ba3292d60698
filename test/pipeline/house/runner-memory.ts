/** What a runner remembers of its database, and the news that a test tells it. */
import { randomUUID } from 'node:crypto';
import type { Logger } from '@postrider/core';
import type { Witness } from '../../../packages/core/src/machine/restore.ts';
import type { RestoreWatermarkStore } from '../../../packages/core/src/runtime/restore-watermark-store.ts';
import {
  RestoreWatermark,
  type Observation,
} from '../../../packages/core/src/runtime/restore-watermark.ts';

export const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const installation = randomUUID();

/** What the database tells when nothing has happened to it. */
export const told = {
  installation,
  restores: 0,
  system: '7',
  timeline: 1,
  noticed: null,
  superseded: false,
};

export function witness(over: Partial<Witness> = {}): Witness {
  return {
    organizationId: randomUUID(),
    recipientId: randomUUID(),
    moveNo: 1,
    mailpieceId: randomUUID(),
    ...over,
  };
}

/** The news of a begin that was asked for with all that is remembered now. */
export function began(by: RestoreWatermark, begun: Witness): Observation {
  return { begun: { witness: begun, asked: by.marks } };
}

/** The memory of a new runner that keeps it there. */
export function remember(store: RestoreWatermarkStore): RestoreWatermark {
  return new RestoreWatermark({
    runnerId: randomUUID(),
    store,
    logger,
    onRestore: () => undefined,
  });
}
