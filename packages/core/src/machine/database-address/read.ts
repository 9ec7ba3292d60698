/** The address of a database: read once, in one place, for all that connect. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { pairsOf } from './forms.ts';
import { meantBy } from './parameters.ts';
import { noAddress, wrongValue } from './problem.ts';
import {
  homeFile,
  ofPasswordFile,
  ofService,
  ofVariables,
  type Environment,
  type Login,
} from './surroundings.ts';
import { sessionSettings } from '../session.ts';
import { noTls, tlsOf, type Tls } from './tls.ts';

export interface Host {
  /** A name, an address in numbers, or the folder of a socket, which begins with `/`. */
  readonly host: string;
  readonly port: number;
}

/** Complete: a client that connects by it asks no variable and no file for more. */
export interface DatabaseAddress {
  readonly hosts: readonly [Host, ...Host[]];
  /** The name that a certificate must have where `hosts` are addresses in numbers (hostaddr). */
  readonly serverName: string | null;
  readonly user: string;
  readonly database: string;
  /** A function, so that it is not shown where an address is. */
  readonly password: () => string | undefined;
  readonly tls: Tls;
  readonly targetSessionAttrs: string;
  readonly channelBinding: string | null;
  /** Seconds; null: as the caller has it. 0: as long as it takes. */
  readonly connectTimeout: number | null;
  /** Seconds; null: as the driver has it; 0: none. */
  readonly keepAlive: number | null;
  readonly applicationName: string | null;
  /** For the server, as `-c work_mem=64MB`. */
  readonly options: string | null;
  /** One sentence for each parameter that is not used. */
  readonly notes: readonly string[];
}

/**
 * Reads an address in any of its forms. What it leaves out is taken from `environment`, by the
 * variables of libpq; `{}` for none. Throws `DatabaseAddressError`.
 */
export function readDatabaseAddress(text: string, environment: Environment): DatabaseAddress {
  const own = meantBy(pairsOf(text));
  const service = own.given.get('service') ?? environment['PGSERVICE'];
  const served =
    service === undefined || service === ''
      ? null
      : meantBy([...ofService(service, own.given.get('servicefile'), environment)]);
  const around = meantBy([...ofVariables(environment)]);
  const given = new Map<string, string>();
  // A value that is empty says nothing, as in libpq.
  for (const told of [around.given, served?.given ?? [], own.given])
    for (const [name, value] of told) if (value !== '') given.set(name, value);
  const hosts = hostsOf(given);
  const user = given.get('user') ?? systemUser();
  const database = given.get('dbname') ?? user;
  const { password, note } = passwordOf(given, environment, { ...hosts[0], database, user });
  const isSocket = hosts[0].host.startsWith('/');
  return {
    hosts,
    serverName: given.has('hostaddr') ? (given.get('host') ?? null) : null,
    user,
    database,
    password: () => password,
    // libpq: sslmode is ignored for a socket.
    tls: isSocket ? noTls : tlsOf(given, environment),
    targetSessionAttrs: given.get('target_session_attrs') ?? 'any',
    channelBinding: given.get('channel_binding') ?? null,
    connectTimeout: whole(given, 'connect_timeout'),
    keepAlive: given.get('keepalives') === '0' ? 0 : whole(given, 'keepalives_idle'),
    applicationName:
      given.get('application_name') ?? given.get('fallback_application_name') ?? null,
    options: given.get('options') ?? null,
    notes: [
      ...new Set([
        ...own.notes,
        ...(served?.notes ?? []),
        ...around.notes,
        ...overruled(given.get('options') ?? ''),
        ...(note === null ? [] : [note]),
      ]),
    ],
  };
}

/** Settings in `options` that a session of ours has as it needs them. */
function overruled(options: string): readonly string[] {
  const set = [...options.matchAll(/(?:^|\s)(?:-c\s*|--)([\w.-]+)=/g)].map(([, name = '']) =>
    name.toLowerCase().replaceAll('-', '_'),
  );
  return set
    .filter((name) => name in sessionSettings || name === 'timezone')
    .map((name) => `${name} in options is for psql alone: sessions have settings of their own`);
}

function whole(given: ReadonlyMap<string, string>, name: string): number | null {
  const value = given.get(name)?.trim();
  if (value === undefined) return null;
  if (!/^-?\d{1,6}$/.test(value)) throw wrongValue(name, 'a whole number of seconds');
  return Math.max(0, Number(value));
}

function passwordOf(
  given: ReadonlyMap<string, string>,
  environment: Environment,
  login: Login,
): { password: string | undefined; note: string | null } {
  const own = given.get('password');
  if (own !== undefined) return { password: own, note: null };
  const path = given.get('passfile') ?? homeFile(environment, '.pgpass');
  return path === null ? { password: undefined, note: null } : ofPasswordFile(path, login);
}

const SOCKETS = ['/var/run/postgresql', '/tmp'];

/** libpq's own default is a socket, at the place where it was built to look. */
function defaultHost(port: number): string {
  const found = SOCKETS.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`));
  return found ?? 'localhost';
}

function hostsOf(given: ReadonlyMap<string, string>): readonly [Host, ...Host[]] {
  const ports = (given.get('port') ?? '').split(',').map(portOf);
  const [first = 5432] = ports;
  const names = (given.get('hostaddr') ?? given.get('host') ?? '').split(',');
  if (ports.length > 1 && ports.length !== names.length)
    throw noAddress(`has ${ports.length} ports for ${names.length} hosts`);
  const all = names.map((name, at) => {
    const port = ports.length > 1 ? (ports[at] ?? first) : first;
    const host = name.trim();
    if (/[\s@?#\\]/.test(host) && !host.startsWith('/')) throw noAddress('has a host that is none');
    return { host: host === '' ? defaultHost(port) : host, port };
  });
  const sockets = all.filter(({ host }) => host.startsWith('/'));
  if (sockets.length > 0 && all.length > 1)
    throw noAddress('has a list of hosts with the folder of a socket in it');
  const [one, ...more] = all;
  if (one === undefined) throw noAddress();
  return [one, ...more];
}

function portOf(text: string): number {
  const port = text.trim();
  if (port === '') return 5432;
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw noAddress('has a port that is none');
  return Number(port);
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    throw noAddress('names no user, and this account of the system has no name');
  }
}

/** `host:port`, of several hosts each; a socket by its file. */
export function placeOf({ hosts }: Pick<DatabaseAddress, 'hosts'>): string {
  return hosts
    .map(({ host, port }) => {
      if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}`;
      return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    })
    .join(', ');
}

/** As one writes it, without the password: for people. */
export function shownAddress(address: DatabaseAddress): string {
  const { hosts, user, database, tls, targetSessionAttrs } = address;
  const isSocket = hosts[0].host.startsWith('/');
  const login = `${encodeURIComponent(user)}${address.password() === undefined ? '' : ':***'}@`;
  const query = [
    ...(isSocket ? [`host=${hosts[0].host}`, `port=${hosts[0].port}`] : []),
    ...(tls.mode === 'prefer' || isSocket ? [] : [`sslmode=${tls.mode}`]),
    ...(targetSessionAttrs === 'any' ? [] : [`target_session_attrs=${targetSessionAttrs}`]),
  ].join('&');
  const at = isSocket ? '' : placeOf(address).replaceAll(', ', ',');
  const name = encodeURIComponent(database);
  return `postgres://${login}${at}/${name}${query === '' ? '' : `?${query}`}`;
}
