/** How Lob is spoken to: its key, its limits, its words. */
import type { LimitNotice } from '@postrider/core/ports';
import { modeByPrefix, type AccountKind } from '../kit/account.ts';
import { readJson } from '../kit/json.ts';
import { limitIn } from '../kit/limit-headers.ts';
import { lobAccountOptions, type LobAccountOptions } from './options.ts';
import { lobError } from './wire.ts';

export const lobAccounts: AccountKind<LobAccountOptions> = {
  title: 'Lob',
  options: lobAccountOptions,
  modeOf: modeByPrefix,
  headers: (key, { apiVersion }) => ({
    authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
    ...(apiVersion === undefined ? {} : { 'lob-version': apiVersion }),
  }),
  // Lob counts by key and endpoint; a method is an endpoint of its own.
  limitOf: (method, path) => ({
    route: `${method} /${path.split('/')[1]}`,
    windows: [{ requests: 150, ms: 5000 }],
  }),
  readLimit,
  refusalIn(body) {
    const told = readJson(lobError, body)?.error;
    return told === undefined
      ? null
      : { code: told.code?.toLowerCase() ?? null, message: told.message ?? '' };
  },
};

/** Lob's text and its spec spell the headers in two ways; the reset is in seconds since 1970. */
export function readLimit(headers: Headers): LimitNotice | null {
  return limitIn(
    (name) => {
      const value = headers.get(`ratelimit-${name}`) ?? headers.get(`x-rate-limit-${name}`);
      return value === null || !/^\d{1,12}$/.test(value.trim()) ? null : Number(value);
    },
    (seconds) => new Date(seconds * 1000),
  );
}
