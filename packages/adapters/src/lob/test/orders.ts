/**
 * Orders at a twin of Lob that a file of tests has to itself, from before its tests until after.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import type { PieceRequest, SubmitContext, SubmitResult } from '@postrider/core/ports';
import {
  startLob,
  lobTwinClient,
  type LobTwinClient,
  type ListeningTwin,
} from '@postrider/twins/lob';
import { temporaryFolder } from '../../../test/helpers.ts';
import { openGuard } from '../../../test/pieces.ts';
import { accountAt, liveKey, printerOf, testKey } from './accounts.ts';

export interface OrdersAtTwin {
  readonly url: string;
  readonly twin: LobTwinClient;
  /** By a live account, with these options of the printer. */
  readonly submitted: (
    one: PieceRequest,
    options?: object,
    context?: SubmitContext,
  ) => Promise<SubmitResult>;
  /** How many cards the twin has made of a piece. */
  readonly madeOf: (one: PieceRequest) => Promise<number>;
}

export function ordersAtTwin(): OrdersAtTwin {
  let running: ListeningTwin;
  let twin: LobTwinClient;
  before(async () => {
    running = await startLob({
      folder: await temporaryFolder(),
      keys: [testKey, liveKey],
      daysPerSecond: 0,
      log: () => undefined,
    });
    twin = lobTwinClient(running.url, testKey);
  });
  after(() => running.stop());
  return {
    get url() {
      return running.url;
    },
    get twin() {
      return twin;
    },
    async submitted(one, options = {}, context = contractContext()) {
      const printer = printerOf(accountAt(running.url), options);
      const [result] = await printer.submit([one], openGuard, context);
      assert.ok(result !== undefined);
      return result;
    },
    async madeOf({ reference }) {
      const lines = await twin.ledger();
      return lines.filter(({ metadata }) => metadata['mailpiece'] === reference.mailpieceId).length;
    },
  };
}

/** Whose fault a rejection is; else the outcome. */
export function kindOf(result: SubmitResult): string {
  if (result.outcome !== 'rejected') return result.outcome;
  if (result.badAddress) return 'address';
  return result.badArtwork === true ? 'artwork' : 'piece';
}
