/** An address as those want it who connect: the driver, and programs that use libpq. */
import type postgres from 'postgres';
import type { DatabaseAddress } from './read.ts';
import { variablesOfLibpq, type Environment } from './surroundings.ts';
import { driverSsl } from './tls.ts';

type Options = postgres.Options<Record<string, postgres.PostgresType>>;

/**
 * Options of the driver for this address. Every one is given that the driver would else take from a
 * variable of its own (`PGMAX`, `PGSSL`, `PGHOST` …). Throws `DatabaseAddressError` for a file that
 * cannot be read.
 */
export function driverOptions(address: DatabaseAddress): Options {
  const { hosts, tls } = address;
  const [{ host, port }] = hosts;
  const names = hosts.map((one) => one.host);
  const isSocket = host.startsWith('/');
  const all = {
    host: isSocket ? host : names,
    port: isSocket ? port : hosts.map((one) => one.port),
    ...(isSocket ? { path: `${host}/.s.PGSQL.${port}` } : {}),
    user: address.user,
    database: address.database,
    pass: () => address.password() ?? '',
    ssl: driverSsl(tls, names, address.serverName),
    sslnegotiation: tls.direct ? 'direct' : null,
    target_session_attrs: address.targetSessionAttrs,
    max: 10,
    connect_timeout: address.connectTimeout ?? 10,
    idle_timeout: null,
    max_lifetime: () => 60 * (30 + Math.random() * 30),
    max_pipeline: 100,
    keep_alive: address.keepAlive ?? 60,
    prepare: true,
    debug: false,
    fetch_types: true,
    publications: 'alltables',
  };
  // The driver's types know neither a host list beside a port list nor null.
  return all as unknown as Options;
}

/** What the address adds to the settings of a session. */
export function sessionOptions(address: DatabaseAddress, name: string): Record<string, string> {
  return {
    ...(address.options === null ? {} : { options: address.options }),
    application_name: address.applicationName ?? name,
  };
}

/**
 * An environment for psql and its like: all that libpq takes from variables says this address, and
 * nothing that was there before.
 */
export function libpqEnvironment(
  address: DatabaseAddress,
  environment: Environment,
): Record<string, string> {
  const { hosts, tls } = address;
  const names = hosts.map(({ host }) => host).join(',');
  const rest = Object.fromEntries(
    Object.entries(environment).filter(
      (pair): pair is [string, string] =>
        pair[1] !== undefined && !variablesOfLibpq.includes(pair[0]),
    ),
  );
  const ours: Readonly<Record<string, string | null | undefined>> = {
    PGHOST: address.serverName ?? names,
    PGHOSTADDR: address.serverName === null ? null : names,
    PGPORT: hosts.map(({ port }) => String(port)).join(','),
    PGUSER: address.user,
    PGPASSWORD: address.password(),
    PGDATABASE: address.database,
    PGSSLMODE: tls.mode,
    PGSSLNEGOTIATION: tls.direct ? 'direct' : null,
    PGSSLROOTCERT: tls.rootCert,
    PGSSLCERT: tls.cert,
    PGSSLKEY: tls.key,
    PGSSLCRL: tls.crl,
    PGSSLMINPROTOCOLVERSION: tls.minVersion,
    PGSSLMAXPROTOCOLVERSION: tls.maxVersion,
    PGOPTIONS: address.options,
    PGTARGETSESSIONATTRS: address.targetSessionAttrs === 'any' ? null : address.targetSessionAttrs,
    PGCHANNELBINDING: address.channelBinding,
    PGCONNECT_TIMEOUT: address.connectTimeout === null ? null : String(address.connectTimeout),
  };
  const set = Object.entries(ours).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== '',
  );
  return { ...rest, ...Object.fromEntries(set) };
}
