/** What an address asks of TLS, as libpq has it, and as the driver and Node want it. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { DatabaseAddressError } from './problem.ts';
import { homeFile, type Environment } from './surroundings.ts';

type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface Tls {
  readonly mode: Exclude<SslMode, 'allow'>;
  readonly direct: boolean;
  /** A file; `system`: those that the system or Node trusts; null where none is asked for. */
  readonly rootCert: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly crl: string | null;
  readonly minVersion: string | null;
  readonly maxVersion: string | null;
  /** A function, so that it is not shown where an address is. */
  readonly keyPassword: () => string | undefined;
}

export const noTls: Tls = {
  mode: 'disable',
  direct: false,
  rootCert: null,
  cert: null,
  key: null,
  crl: null,
  minVersion: null,
  maxVersion: null,
  keyPassword: () => undefined,
};

/** Throws `DatabaseAddressError`. */
export function tlsOf(given: ReadonlyMap<string, string>, environment: Environment): Tls {
  const value = (name: string): string | null => given.get(name) || null;
  const told = value('sslrootcert');
  let mode = (value('sslmode') ?? (told === 'system' ? 'verify-full' : 'prefer')) as SslMode;
  if (mode === 'disable') return noTls;
  // The driver asks for TLS first, and goes on without; psql is told the same.
  if (mode === 'allow') mode = 'prefer';
  if (told === 'system' && mode !== 'verify-full')
    throw new DatabaseAddressError(
      `asks by sslrootcert=system for more than sslmode=${mode} does`,
      'use sslmode=verify-full with it, or leave sslrootcert out',
    );
  const direct = value('sslnegotiation') === 'direct';
  if (direct && !['require', 'verify-ca', 'verify-full'].includes(mode))
    throw new DatabaseAddressError(
      `asks for sslnegotiation=direct with sslmode=${mode}`,
      'it needs sslmode=require, verify-ca or verify-full',
    );
  const own = told ?? homeFile(environment, '.postgresql', 'root.crt');
  // As in libpq: who has a certificate to compare with means it to be compared.
  if (mode === 'require' && own !== null) mode = 'verify-ca';
  if (mode === 'verify-ca' && own === null)
    throw new DatabaseAddressError(
      'has sslmode=verify-ca without sslrootcert',
      'sslrootcert names the file of the certificate to compare with; or use verify-full',
    );
  const verifies = mode === 'verify-ca' || mode === 'verify-full';
  const cert = value('sslcert') ?? homeFile(environment, '.postgresql', 'postgresql.crt');
  const key = value('sslkey') ?? homeFile(environment, '.postgresql', 'postgresql.key');
  if (value('sslcert') !== null && key === null)
    throw new DatabaseAddressError(
      'has sslcert without sslkey',
      'sslkey names the file of its key',
    );
  const keyPassword = given.get('sslpassword');
  return {
    mode,
    direct,
    rootCert: verifies ? (own ?? 'system') : null,
    cert: key === null ? null : cert,
    key: cert === null ? null : key,
    crl: verifies ? value('sslcrl') : null,
    minVersion: value('ssl_min_protocol_version'),
    maxVersion: value('ssl_max_protocol_version'),
    keyPassword: () => keyPassword,
  };
}

function file(name: string, path: string | null): string | undefined {
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    throw new DatabaseAddressError(
      `names the file ${path} by ${name}, which cannot be read (${code})`,
      `correct ${name}, or make the file readable for this user`,
    );
  }
}

/**
 * The driver's `ssl`. It takes `prefer` for a server that may have no TLS.
 */
export function driverSsl(
  tls: Tls,
  hosts: readonly string[],
  serverName: string | null,
): false | 'prefer' | ConnectionOptions {
  if (tls.mode === 'disable') return false;
  if (tls.mode === 'prefer') return 'prefer';
  const passphrase = tls.keyPassword();
  const ca = tls.rootCert === 'system' ? undefined : file('sslrootcert', tls.rootCert);
  const all = {
    ca,
    cert: file('sslcert', tls.cert),
    key: file('sslkey', tls.key),
    crl: file('sslcrl', tls.crl),
    passphrase,
    minVersion: tls.minVersion ?? undefined,
    maxVersion: tls.maxVersion ?? undefined,
    rejectUnauthorized: tls.mode !== 'require',
    servername: serverName ?? undefined,
    checkServerIdentity:
      tls.mode === 'verify-full'
        ? checkedAs(serverName === null ? hosts : [serverName])
        : () => undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/**
 * Node compares with the name that was asked for. Of an address in numbers the driver asks for
 * none, and Node would compare with `localhost`.
 */
function checkedAs(
  hosts: readonly string[],
): NonNullable<ConnectionOptions['checkServerIdentity']> {
  const numbers = hosts.filter((host) => isIP(host) > 0);
  return (name, certificate) => {
    const asked = hosts.includes(name) && isIP(name) === 0 ? [name] : numbers;
    const faults = asked.map((one) => checkServerIdentity(one, certificate));
    return faults.includes(undefined)
      ? undefined
      : (faults[0] ?? checkServerIdentity(name, certificate));
  };
}
