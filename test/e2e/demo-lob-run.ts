/** The demonstration through the twin of Lob, and what the twin's own ledger says of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@postrider/embedded-postgres/parts';
import { lobTwinClient, startLob, type EventLine, type LobLedgerLine } from '@postrider/twins/lob';
import { newDemo, type Demo } from './demo-run.ts';

export interface Truth {
  readonly pieces: readonly LobLedgerLine[];
  readonly events: readonly EventLine[];
}

export interface LobDemo extends AsyncDisposable {
  readonly demo: Demo;
  /** Of the twin. */
  readonly folder: string;
  secretIn(name: string): string;
  /** Empty before the twin was there. */
  ledgerText(): string;
  /** The process of the twin has ended, and takes no request any more. */
  twinEnded(): Promise<void>;
  /** As the twin tells it, standing still. */
  truth(): Promise<Truth>;
  people(): Promise<readonly { id: string; state: string; piece: string | null }[]>;
  /** Pieces of which it is not kept what was asked about them. */
  unrecorded(pieces: readonly LobLedgerLine[]): Promise<readonly (string | undefined)[]>;
}

export async function newLobDemo(): Promise<LobDemo> {
  const demo = await newDemo();
  const folder = join(demo.home, 'out', 'lob-twin');
  const secretIn = (name: string): string =>
    readFileSync(join(demo.home, 'var', 'secrets', name), 'utf8').trim();
  const ledgerText = (): string =>
    existsSync(join(folder, 'ledger.ndjson'))
      ? readFileSync(join(folder, 'ledger.ndjson'), 'utf8')
      : '';
  const twinEnded = async (): Promise<void> => {
    const lock = join(folder, 'lock');
    while (existsSync(lock) && isAlive(Number.parseInt(readFileSync(lock, 'utf8'), 10)))
      await sleep(20);
  };
  const truth = async (): Promise<Truth> => {
    const key = secretIn('LOB_TWIN_DEMO_KEY');
    const twin = await startLob({
      folder,
      keys: [key],
      webhookSecret: 'of nobody',
      daysPerSecond: 0,
      log: () => undefined,
    });
    try {
      const client = lobTwinClient(twin.url, key);
      return { pieces: await client.ledger(), events: await client.events() };
    } finally {
      await twin.stop();
    }
  };
  const people = async (): Promise<
    readonly { id: string; state: string; piece: string | null }[]
  > =>
    await demo.sql`
      select s.recipient_id as id, s.state, m.id as piece
      from postrider.recipient_state s
      left join postrider.mailpiece m on m.recipient_id = s.recipient_id
        and m.status not in ('failed', 'cancelled', 'absent')`;

  const unrecorded = async (
    pieces: readonly LobLedgerLine[],
  ): Promise<readonly (string | undefined)[]> => {
    const calls = await demo.sql<{ about: string }[]>`
      select distinct unnest(about)::text as about from postrider.provider_call`;
    const asked = new Set(calls.map(({ about }) => about));
    return pieces
      .map(({ metadata }) => metadata['mailpiece'])
      .filter((mailpiece) => mailpiece === undefined || !asked.has(mailpiece));
  };

  return {
    demo,
    folder,
    secretIn,
    ledgerText,
    twinEnded,
    truth,
    people,
    unrecorded,
    [Symbol.asyncDispose]: async () => await demo[Symbol.asyncDispose](),
  };
}
