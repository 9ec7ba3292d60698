/**
 * Webhooks of printers: verified on their raw bytes, stored, and answered at once.
 *
 * Those of one address that come while others are stored are gathered: they are looked up, verified
 * and stored together, in one statement, and each is answered when it is on the disk. So a lone
 * webhook waits for nobody, and a flood of them costs a statement for some hundred.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLostConnection, sqlState } from '../../common/driver-errors.ts';
import { messageOf } from '../../common/message-of.ts';
import type { PrinterBrief } from '../../machine/briefs.ts';
import {
  announceWebhooks,
  endpointPrinter,
  noteRefusedWebhook,
  storeWebhooks,
} from '../../machine/track.ts';
import type { Printer, PrinterEvent, WebhookRequest } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { makePrinter, printerBriefOf, UnknownPrinterError } from '../../runtime/printers.ts';
import { webhookAnswer } from './event-answers.ts';

// In the address, an organization's id that is no uuid, or a letter that no text can hold (NUL).
const unwritable = ['PR020', '22021'];

/** Stored by one statement, at most. */
const MOST = 500;
const MOST_BYTES = 2 * 1024 * 1024;
/** One that tells more is applied by itself. */
const MOST_EVENTS = 100;
/** Of one address: one verifies while the other waits for the disk. */
const AT_ONCE = 2;
/**
 * So long, while webhooks of one address come without a pause, its printer and secrets are those
 * that were looked up.
 */
const LOOK_UP_MS = 1000;
/** Runners are told so often at most that there is something to apply. */
const ANNOUNCE_MS = 100;

/**
 * The two parts of an address below `/webhooks/`: `<connection>/<endpoint id>`, or, of a printer
 * without a connection, `<organization id>/<printer>`.
 */
export type WebhookAddress = readonly [whose: string, which: string];

/**
 * A printer's webhook, checked on its raw bytes and stored. `forged` and `unknown_printer` store
 * nothing.
 */
export type Reception =
  | { readonly outcome: 'stored' | 'repeated' }
  | { readonly outcome: 'unknown_printer'; readonly message: string }
  | {
      readonly outcome: 'forged';
      readonly message: string;
      /** The name of the printer that it was not of. */
      readonly printer: string;
    };

interface Waiting {
  readonly request: WebhookRequest;
  readonly answer: PromiseWithResolvers<Reception>;
}

/** Of one address. */
interface Queue {
  readonly address: WebhookAddress;
  readonly waiting: Waiting[];
  atWork: number;
  checker: { readonly at: number; readonly found: Promise<Checker | null> } | null;
}

/** Who checks what comes in at an address. */
interface Checker {
  readonly brief: PrinterBrief;
  readonly printer: Printer;
}

export class WebhookIntake {
  readonly #context: PipelineContext;
  /** Those with something to do. */
  readonly #queues = new Map<string, Queue>();
  #isAnnouncing = false;
  #hasNews = false;

  constructor(context: PipelineContext) {
    this.#context = context;
  }

  async receive(address: WebhookAddress, request: WebhookRequest): Promise<Reception> {
    const key = JSON.stringify(address);
    const queue = this.#queues.get(key) ?? { address, waiting: [], atWork: 0, checker: null };
    this.#queues.set(key, queue);
    const answer = Promise.withResolvers<Reception>();
    queue.waiting.push({ request, answer });
    if (queue.atWork < AT_ONCE) void this.#work(key, queue);
    return await answer.promise;
  }

  async #work(key: string, queue: Queue): Promise<void> {
    queue.atWork += 1;
    while (queue.waiting.length > 0) {
      const batch = taken(queue.waiting);
      await receiveBatch(this.#context, queue, batch).then(
        (stored) => {
          this.#context.flood.stored(stored);
          if (stored > 0) void this.#announce();
        },
        (error: unknown) => {
          for (const { answer } of batch) answer.reject(error);
        },
      );
    }
    queue.atWork -= 1;
    if (queue.atWork === 0) this.#queues.delete(key);
  }

  /** At once, then not again for a moment. Who is not told finds them with the next beat. */
  async #announce(): Promise<void> {
    this.#hasNews = true;
    if (this.#isAnnouncing) return;
    this.#isAnnouncing = true;
    while (this.#hasNews) {
      this.#hasNews = false;
      await announceWebhooks(this.#context.sql).catch(() => undefined);
      await sleep(ANNOUNCE_MS, undefined, { ref: false });
    }
    this.#isAnnouncing = false;
  }
}

/** The first of them, as many as one statement stores. */
function taken(waiting: Waiting[]): readonly Waiting[] {
  let [many, bytes] = [0, 0];
  for (const { request } of waiting) {
    bytes += request.body.length;
    if (many === MOST || (many > 0 && bytes > MOST_BYTES)) break;
    many += 1;
  }
  return waiting.splice(0, many);
}

/** A webhook that was verified. */
interface Verified extends Waiting {
  readonly deliveryId: string;
  readonly events: readonly PrinterEvent[] | null;
}

/**
 * Answers each; says how many were stored. Where it rejects, nothing is known of those that are
 * not answered yet.
 */
async function receiveBatch(
  context: PipelineContext,
  queue: Queue,
  batch: readonly Waiting[],
): Promise<number> {
  const checker = await checkerOf(context, queue);
  if (checker === null) {
    // In the same words whatever is wrong: nobody learns which connections there are.
    for (const { answer } of batch)
      answer.resolve({ outcome: 'unknown_printer', message: 'no such printer' });
    return 0;
  }
  const { brief, printer } = checker;
  const now = context.now();
  const verified: Verified[] = [];
  let isAnyTooOld = false;
  for (const one of batch) {
    try {
      const verdict = printer.verifyWebhook(one.request, now);
      if (verdict.valid) {
        const events = eventsIn(printer, one.request.body);
        verified.push({ ...one, deliveryId: verdict.deliveryId, events });
      } else {
        isAnyTooOld ||= verdict.tooOld === true;
        one.answer.resolve({ outcome: 'forged', message: verdict.message, printer: brief.name });
      }
    } catch (error) {
      one.answer.reject(error);
    }
  }
  if (isAnyTooOld) await noteRefused(context, brief);
  return await store(context, brief, verified);
}

/** Without the note the printer is polled within a day all the same: nobody waits for it. */
async function noteRefused(
  { sql, logger }: PipelineContext,
  { organizationId, name: printerName }: PrinterBrief,
): Promise<void> {
  await noteRefusedWebhook(sql, { organizationId, printerName }).catch((error: unknown) => {
    const fields = { organization: organizationId, printer: printerName, error: messageOf(error) };
    logger.warn(fields, 'that a webhook was refused for its age could not be noted');
  });
}

/**
 * What it tells, where all of it can be used. Null otherwise: it is read again when it is applied,
 * and what is odd in it is kept then. No webhook is refused for what it tells.
 */
function eventsIn(printer: Printer, body: Uint8Array): readonly PrinterEvent[] | null {
  try {
    const { events, isWhole } = webhookAnswer(printer.parseWebhook(body), '');
    return isWhole && events.length <= MOST_EVENTS ? events : null;
  } catch {
    return null;
  }
}

/** Together; where the database refuses them, each by itself: one costs no other. */
async function store(
  context: PipelineContext,
  brief: PrinterBrief,
  verified: readonly Verified[],
): Promise<number> {
  if (verified.length === 0) return 0;
  const { organizationId, name: printerName } = brief;
  // A repeat of what comes with it is one of what is stored.
  const first = new Map(verified.toReversed().map((one) => [one.deliveryId, one]));
  try {
    const stored = await storeWebhooks(
      context.sql,
      { organizationId, printerName },
      [...first.values()].map(({ deliveryId, request: { body }, events }) => ({
        deliveryId,
        body,
        events,
      })),
    );
    for (const one of verified) {
      const isNew = stored.has(one.deliveryId) && first.get(one.deliveryId) === one;
      one.answer.resolve({ outcome: isNew ? 'stored' : 'repeated' });
    }
    return stored.size;
  } catch (error) {
    if (verified.length === 1 || isLostConnection(error)) throw error;
    let stored = 0;
    for (const one of verified) {
      try {
        stored += await store(context, brief, [one]);
      } catch (fault) {
        one.answer.reject(fault);
      }
    }
    return stored;
  }
}

/** Null where there is none. Looked up for the first webhook, and in a flood once a second. */
async function checkerOf(context: PipelineContext, queue: Queue): Promise<Checker | null> {
  const at = performance.now();
  if (queue.checker === null || at - queue.checker.at > LOOK_UP_MS) {
    const found = makeChecker(context, queue.address);
    queue.checker = { at, found };
    found.catch(() => {
      if (queue.checker?.found === found) queue.checker = null;
    });
  }
  return await queue.checker.found;
}

async function makeChecker(
  context: PipelineContext,
  address: WebhookAddress,
): Promise<Checker | null> {
  const brief = await printerAt(context, address);
  return brief === null ? null : { brief, printer: await makePrinter(context, brief) };
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Null where there is none. A printer with a connection is reached by its endpoint alone. */
async function printerAt(
  context: PipelineContext,
  [whose, which]: WebhookAddress,
): Promise<PrinterBrief | null> {
  try {
    if (uuid.test(which)) {
      const endpoint = { connectionName: whose, endpointId: which };
      const found = await endpointPrinter(context.sql, endpoint);
      if (found !== null) return found;
    }
    const brief = await printerBriefOf(context, whose, which);
    return brief.connectionId === null ? brief : null;
  } catch (error) {
    // A database that cannot be reached says nothing about the printer: it is told to come again.
    if (!(error instanceof UnknownPrinterError) && !unwritable.includes(sqlState(error) ?? ''))
      throw error;
    return null;
  }
}
