/**
 * The process outside of `bench webhooks`: it signs each webhook and posts them over so many
 * connections, on each some at a time (HTTP pipelining), and posts again when all of those are
 * answered. What is not answered with 200 is sent again, as a provider does. It writes HTTP by
 * hand, so that it takes little of the cores that it shares with what it measures.
 */
import { createSecretKey } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { bodiesOf, eventAt, signed } from './event-bodies.ts';

export interface Sending {
  readonly url: string;
  readonly secret: string;
  readonly organizationId: string;
  readonly events: number;
  readonly connections: number;
  /** Posted at a time on a connection. */
  readonly together: number;
  /** Each so many-th event is posted twice, at the same time. */
  readonly repeatEvery: number;
}

/** What the process tells its parent: how many were answered so far, and at the end all. */
export interface Sent {
  readonly answered: number;
  readonly over: boolean;
  /** Posted once more, so that a repeat is met. */
  readonly repeats: number;
  /** Not answered with 200, and sent again. */
  readonly again: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Answers by their duration: in tenths of a millisecond, the last ones all together. */
const durations = new Uint32Array(100_000);

function percentile(share: number): number {
  const all = durations.reduce((sum, many) => sum + many, 0);
  let seen = 0;
  const at = durations.findIndex((many) => (seen += many) >= all * share);
  return Math.max(0, at) / 10;
}

/** The events that are still to be posted, in groups. */
class Outbox {
  readonly #sending: Sending;
  #next = 0;
  readonly #waiting: number[] = [];
  repeats = 0;
  again = 0;

  constructor(sending: Sending) {
    this.#sending = sending;
  }

  /** Empty where all are posted. A repeat goes with the next group: another connection has it. */
  take(): number[] {
    const { events, together, repeatEvery } = this.#sending;
    const group = this.#waiting.splice(0, together);
    while (group.length < together && this.#next < events) {
      const n = this.#next++;
      group.push(n);
      if (n % repeatEvery === repeatEvery - 1) {
        this.repeats += 1;
        this.#waiting.push(n);
      }
    }
    return group;
  }

  putBack(unanswered: readonly number[]): void {
    this.again += unanswered.length;
    this.#waiting.push(...unanswered);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }
}

async function sendAll(sending: Sending, tell: (sent: Sent) => void): Promise<void> {
  const { host, hostname, port, pathname } = new URL(sending.url);
  const outbox = new Outbox(sending);
  let answered = 0;
  const began = performance.now();
  const told = (over: boolean): void =>
    tell({
      answered,
      over,
      repeats: outbox.repeats,
      again: outbox.again,
      seconds: (performance.now() - began) / 1000,
      p50Ms: over ? percentile(0.5) : 0,
      p99Ms: over ? percentile(0.99) : 0,
    });

  const bodyOf = bodiesOf(sending.organizationId);
  const key = createSecretKey(Buffer.from(sending.secret));
  const head =
    `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n` +
    'content-length: ';
  // Letters of ASCII alone: as many bytes as letters, and each is written as it is.
  const request = (n: number): string => {
    const body = bodyOf(eventAt(n, sending.events));
    return `${head}${body.length}\r\n${signed(body, key)}\r\n${body}`;
  };

  /** One connection, until all is sent; true where it ended before. */
  const post = async (): Promise<boolean> =>
    await new Promise((resolve) => {
      const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
      // Answers come in the order of their requests.
      let [group, at, heard]: [number[], number, string] = [[], 0, ''];
      const go = (): void => {
        group = outbox.take();
        if (group.length === 0) {
          socket.end();
          return;
        }
        at = performance.now();
        socket.write(group.map(request).join(''), 'latin1');
      };
      socket.on('connect', go);
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
        const took = Math.round((performance.now() - at) * 10);
        const tenth = Math.min(took, durations.length - 1);
        for (let end = endOfAnswer(heard); end !== null; end = endOfAnswer(heard)) {
          durations[tenth] = (durations[tenth] ?? 0) + 1;
          const n = group.shift();
          if (heard.startsWith('HTTP/1.1 200')) answered += 1;
          else if (n !== undefined) outbox.putBack([n]);
          heard = heard.slice(end);
          if (group.length === 0) go();
        }
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        const isLost = group.length > 0;
        outbox.putBack(group);
        resolve(isLost || !outbox.isEmpty);
      });
    });
  const connection = async (): Promise<void> => {
    while (await post()) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  const progress = setInterval(() => told(false), 500);
  await Promise.all(Array.from({ length: sending.connections }, connection));
  clearInterval(progress);
  told(true);
}

/** Where the first answer of what was heard ends; null: it is not whole yet. */
function endOfAnswer(heard: string): number | null {
  const end = heard.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const length = /\r\ncontent-length: (\d+)/i.exec(heard.slice(0, end))?.[1] ?? 0;
  const whole = end + 4 + Number(length);
  return heard.length < whole ? null : whole;
}

process.once('message', (sending: Sending) => {
  void sendAll(sending, (sent) => process.send?.(sent, () => undefined)).then(() =>
    process.disconnect(),
  );
});
