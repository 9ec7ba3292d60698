/**
 * The twin's state in memory: what the ledger's entries add up to. `apply` is the only thing that
 * changes it, while running and while replaying alike.
 */
import { DAY } from '../kit/clock.ts';
import { LEDGER_VERSION, type CountedEvent, type Entry } from './entries.ts';

export interface KeptEvent extends CountedEvent {
  /** When it was counted, by the twin's calendar. */
  readonly at: number;
}

export class Books {
  ledger = '';
  readonly events: KeptEvent[] = [];
  readonly gone = new Set<string>();
  readonly #counted = new Map<string, number>();

  /** @param days after which an id counts anew; 0: never. */
  isKnown(event: CountedEvent, now: number, days: number): boolean {
    const at = this.#counted.get(keyOf(event));
    return at !== undefined && (days === 0 || now - at < days * DAY);
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'opened':
        if (entry.version !== LEDGER_VERSION)
          throw new Error(
            `it is of version ${entry.version}, and this twin reads version ${LEDGER_VERSION}`,
          );
        this.ledger = entry.ledger;
        return;
      case 'counted':
        for (const event of entry.events) {
          this.events.push({ ...event, at: entry.at });
          this.#counted.set(keyOf(event), entry.at);
        }
        return;
      case 'gone':
        for (const profile of entry.profiles) this.gone.add(profile);
        return;
      case 'turned':
        return;
      default:
        throw new Error(
          `its kind ${JSON.stringify((entry as { kind?: unknown }).kind)} is not known`,
        );
    }
  }
}

/** For the same profile and metric an id counts once. */
export function keyOf({ profile, metric, uniqueId }: CountedEvent): string {
  return JSON.stringify([profile, metric, uniqueId]);
}
