/** Two windows for each endpoint of an account: one of a second, and one of a minute. */
import { FixedWindows, TrafficWatch, type Traffic } from '../kit/windows.ts';
import type { Settings } from './settings.ts';

export const endpoints = ['event', 'bulk', 'account'] as const;
export type Endpoint = (typeof endpoints)[number];

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export interface Counted {
  /** Seconds until another request is taken; null: this one is. */
  readonly refusedFor: number | null;
  /** Of an answer that is no 429: they tell of the window of a minute alone. */
  readonly headers: Readonly<Record<string, string>>;
}

export class Limits {
  readonly #settings: Settings;
  readonly #seconds = new FixedWindows(SECOND);
  readonly #minutes = new FixedWindows(MINUTE);
  readonly #watches: Readonly<Record<Endpoint, readonly [TrafficWatch, TrafficWatch]>>;

  constructor(settings: Settings) {
    this.#settings = settings;
    const watches = (): readonly [TrafficWatch, TrafficWatch] => [
      new TrafficWatch(SECOND),
      new TrafficWatch(MINUTE),
    ];
    this.#watches = { event: watches(), bulk: watches(), account: watches() };
  }

  /** By endpoint and window. */
  traffic(): Record<string, Traffic & { readonly limit: number }> {
    return Object.fromEntries(
      endpoints.flatMap((endpoint) => {
        const [burst, steady] = this.#limitsOf(endpoint);
        const [second, minute] = this.#watches[endpoint];
        return [
          [`${endpoint} second`, { ...second.traffic, limit: burst }],
          [`${endpoint} minute`, { ...minute.traffic, limit: steady }],
        ];
      }),
    );
  }

  /** @param now of a clock that is not turned. */
  count(endpoint: Endpoint, now: number): Counted {
    const [burst, steady] = this.#limitsOf(endpoint);
    const second = this.#seconds.take(endpoint, burst, now);
    const minute = second?.refused === true ? null : this.#minutes.take(endpoint, steady, now);
    const full = [second, minute].find((window) => window?.refused === true) ?? null;
    for (const watch of this.#watches[endpoint]) watch.see(now, full !== null);
    const inSeconds = (at: number): number => Math.max(1, Math.ceil((at - now) / SECOND));
    if (full !== null) return { refusedFor: inSeconds(full.resetAt), headers: {} };
    const { limitHeaders } = this.#settings;
    if (minute === null || limitHeaders === 'none') return { refusedFor: null, headers: {} };
    const windows = limitHeaders === 'windows' ? `, ${burst};w=1, ${steady};w=60` : '';
    return {
      refusedFor: null,
      headers: {
        'ratelimit-limit': `${limitHeaders === 'windows' ? burst : steady}${windows}`,
        'ratelimit-remaining': String(minute.remaining),
        'ratelimit-reset': String(inSeconds(minute.resetAt)),
      },
    };
  }

  #limitsOf(endpoint: Endpoint): readonly [second: number, minute: number] {
    const { eventBurst, eventSteady, bulkBurst, bulkSteady, accountBurst, accountSteady } =
      this.#settings;
    switch (endpoint) {
      case 'event':
        return [eventBurst, eventSteady];
      case 'bulk':
        return [bulkBurst, bulkSteady];
      case 'account':
        return [accountBurst, accountSteady];
    }
  }
}
