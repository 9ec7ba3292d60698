/** What the contract of a printer is run on: the adapter, and a hand in what its printer does. */
import type { PieceRequest } from '../order.ts';
import type { Printer, WebhookRequest } from '../printer.ts';

export interface PrinterHarness {
  readonly printer: Printer;
  /** A good order with ids and a key of its own; run the suite for each mode that there is. */
  piece(): PieceRequest;
  /**
   * Mailpiece ids of what the printer has made, one entry per piece: a double print is two entries.
   */
  created(): Promise<readonly string[]>;
  /** `answer-lost`: the next submit has its effect, and its answer never comes. */
  loseNextAnswer?(): Promise<void>;
  /**
   * `breaks-before`: the next submit breaks before it has an effect, in a way that the client
   * cannot tell from `answer-lost`.
   */
  breakNext?(): Promise<void>;
  /** `rate-limit`: the next submit is refused for being too many; nothing is made. */
  limitNext?(): Promise<void>;
  /** `look-up-breaks`: the next find fails. */
  breakNextFind?(): Promise<void>;
  /** `unreachable`: the same adapter, pointed at where nobody listens. */
  unreachable?(): Promise<Printer>;
  /** `refused`: the same adapter, with an account that the printer does not work for. */
  refused?(): Promise<Printer>;
  /** `bad-address`: an order that the printer refuses for its address. */
  badAddress?(): PieceRequest;
  /** `bad-request`: an order so broken that the printer refuses the request that it is in. */
  badRequest?(): PieceRequest;
  /**
   * `webhooks`: a webhook as the printer would send it for this piece now, and one that was signed
   * `secondsAgo`.
   */
  webhook?(piece: PieceRequest, secondsAgo: number): WebhookRequest;
  /**
   * `odd-events`: the body of a webhook with an event of this piece, and before and after it one
   * that cannot be used.
   */
  oddWebhook?(piece: PieceRequest): Uint8Array;
  close(): Promise<void>;
}

export type PrinterAbility =
  | 'answer-lost'
  | 'bad-address'
  | 'bad-request'
  | 'breaks-before'
  | 'cancel'
  | 'list'
  | 'look-up-breaks'
  | 'odd-events'
  | 'poll'
  | 'rate-limit'
  | 'refused'
  | 'tells-replays'
  | 'unreachable'
  | 'webhooks';
