/**
 * The forms in which people have an address: a URI as libpq reads it, JDBC's, SQLAlchemy's, and
 * libpq's key words. Each becomes pairs of a parameter and its value, in the order of the text.
 */
import { DatabaseAddressError, LOOKS_LIKE, noAddress } from './problem.ts';

export type Pair = readonly [name: string, value: string];

/** The pairs of an address. Throws `DatabaseAddressError`. */
export function pairsOf(text: string): readonly Pair[] {
  return pairsAsWritten(text).flatMap(([name, value]): Pair[] => {
    // The socket itself, where libpq wants its folder.
    const [, folder, port] = /^(\/.*)\/\.s\.PGSQL\.(\d+)$/.exec(value) ?? [];
    return name === 'host' && folder !== undefined && port !== undefined
      ? [
          ['host', folder],
          ['port', port],
        ]
      : [[name, value]];
  });
}

function pairsAsWritten(text: string): readonly Pair[] {
  const address = unwrapped(text);
  if (address === '') throw noAddress('is empty');
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1];
  const isUri = uri.exec(address)?.[0];
  if (isUri !== undefined) return ofUri(address.slice(isUri.length));
  // PDO's: key words with semicolons between them.
  const pdo = /^pgsql:(?=\w+=)/i.exec(address)?.[0];
  if (pdo !== undefined) return ofKeyWords(address.slice(pdo.length).replaceAll(';', ' '));
  const short = /^jdbc:postgres(?:ql)?:\/?/i.exec(address)?.[0];
  if (short !== undefined) return ofUri(`/${address.slice(short.length)}`);
  if (scheme !== undefined && address.slice(scheme.length).startsWith('://'))
    throw new DatabaseAddressError(
      'is not the address of a database',
      `${LOOKS_LIKE}; this begins with ${scheme}://`,
    );
  if (/^[a-z][\w ]*=[^;=]*;\s*[a-z][\w ]*=/i.test(address))
    throw noAddress('is an address in the form of .NET, which is not read here');
  if (/^[a-z]\w*\s*=/i.test(address)) return ofKeyWords(address);
  throw noAddress();
}

/** Of other clients: PDO, GeoDjango, Elixir. */
const SCHEME =
  String.raw`(?:jdbc:)?(?:postgres(?:ql)?|pgsql|postgis|ecto|psql|pg|timescaledb)` +
  String.raw`(?:\+[a-z0-9_]+)?:\/\/`;
const uri = new RegExp(`^${SCHEME}`, 'i');
/** The name of a variable, as shells, files and commands set it. */
const variable = new RegExp(
  String.raw`^(?:(?:export|set|ENV)\s+|\$env:|--?)?(?!jdbc:)[A-Za-z_][\w-]*\s*[=:]\s*` +
    String.raw`(?=['"]?${SCHEME})|` +
    String.raw`^setx\s+\w+\s+(?=['"]?${SCHEME})`,
  'i',
);
/** What follows an address in a line of a shell or a file. */
const behind = /^(\S+)\s+(?:#|--|\/\/|&&|\||-[A-Za-z]\b|>).*$/s;

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '<': '>',
};

/** Without what was copied with it: blanks, quotes, the name of a variable, `psql`. */
function unwrapped(text: string): string {
  let address = text;
  for (;;) {
    const before = address;
    address = address.replace(/^[\s\u200b\u2060]+|[\s\u200b\u2060;]+$/g, '');
    address = address.replace(/^(?:export\s+)?[A-Z][A-Z0-9_]*=(?=['"]?(?:jdbc:|postgres))/, '');
    address = address.replace(variable, '');
    address = address.replace(/^psql\s+(["'])(.*?)\1(?:\s.*)?$/s, '$2');
    address = address.replace(/^psql\s+(?=postgres)/, '');
    if (uri.test(address)) address = address.replace(behind, '$1').replace(/[,"'`]+$/, '');
    const last = QUOTES[address.charAt(0)];
    if (last !== undefined && address.length > 1 && address.endsWith(last))
      address = address.slice(1, -1);
    if (address === before) return address;
  }
}

/** What follows `postgres://`. */
function ofUri(rest: string): readonly Pair[] {
  if (/[\r\n]/.test(rest))
    throw new DatabaseAddressError(
      'has a line break in it',
      'write it in one line; nothing else is wrong',
    );
  const { credentials, server } = parted(rest);
  const colon = credentials?.indexOf(':') ?? -1;
  const user = colon < 0 ? (credentials ?? '') : credentials?.slice(0, colon);
  const password = colon < 0 ? undefined : credentials?.slice(colon + 1);
  const [, hosts = '', path = '', query = ''] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(server) ?? [];
  refusePath(path, server);
  return [
    ...(user === undefined || user === '' ? [] : [pair('user', user, 'user name')]),
    ...(password === undefined || password === '' ? [] : [pair('password', password, 'password')]),
    ...ofHosts(hosts),
    ...(path === '' ? [] : [pair('dbname', path, 'name of the database')]),
    ...ofQuery(query),
  ];
}

/** What was copied along is no part of the name of a database. */
function refusePath(path: string, server: string): void {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(server))
    throw noAddress('has another address, with :// in it, where its host belongs');
  if (/&[\w.-]+=/.test(path))
    throw new DatabaseAddressError(
      'has its first parameter behind &',
      'the first one stands behind ?, the others behind &',
    );
  if (/[\s"'`<>#,]/.test(path))
    throw new DatabaseAddressError(
      'has a name of the database with a blank, a quote, a comma or # in it as it is',
      'leave out what was copied along; in the name itself it is percent-encoded',
    );
}

/**
 * As libpq parts them: who logs in ends at the first @ that no / stands before. A second @, or one
 * behind the first /, is of a password that was not encoded.
 */
function parted(rest: string): { credentials: string | null; server: string } {
  const query = rest.search(/\?[\w.-]+=/);
  const head = query < 0 ? rest : rest.slice(0, query);
  const at = head.indexOf('@');
  const slash = head.indexOf('/');
  const last = head.lastIndexOf('@');
  const colon = head.indexOf(':');
  // Azure's login names the server, which the host begins with.
  const azure = /^([^:@/]+@([\w-]+):[^@/]*)@\2\./.exec(head)?.[1];
  if (azure !== undefined) return { credentials: azure, server: rest.slice(azure.length + 1) };
  const isLoose = slash >= 0 && colon >= 0 && colon < slash && slash < last;
  if (at !== last || isLoose)
    throw notEncoded(head.slice(colon + 1, last), colon >= 0 && colon < last);
  if (at < 0 || (slash >= 0 && slash < at)) return { credentials: null, server: rest };
  return { credentials: rest.slice(0, at), server: rest.slice(at + 1) };
}

const SPECIAL = /[@/?#%:[\] ]/g;

function notEncoded(secret: string, isPassword: boolean): DatabaseAddressError {
  const found = [...new Set(secret.match(SPECIAL) ?? ['@'])];
  const codes = found.map((sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const names = found.map((sign) => (sign === ' ' ? 'a blank' : sign));
  return new DatabaseAddressError(
    `has a ${isPassword ? 'password' : 'user name'} with ${names.join(' and ')} in it as ` +
      `${found.length > 1 ? 'they are' : 'it is'}`,
    `in an address ${found.length > 1 ? 'they are' : 'it is'} written ${codes.join(' and ')}`,
  );
}

/** `[YOUR-PASSWORD]`, `<password>`, `${DB_HOST}`, `$HOST`, `{{ url }}`. */
const placeholder =
  /^\[(?:[A-Z][A-Z0-9 _-]*|your[ _-].*)\]$|^<[^<>]+>$|\$\{[^}]*\}|^\$[A-Z_][A-Z0-9_]*$|\{\{.*\}\}|^\{[a-z_ ]+\}$|^%[A-Z_]+%$/;

function refusePlaceholder(text: string, what: string): void {
  if (placeholder.test(text))
    throw new DatabaseAddressError(
      `has a placeholder where its ${what} belongs`,
      'put the real one there; where it really is so, percent-encode its first letter',
    );
}

function pair(name: string, text: string, what: string): Pair {
  refusePlaceholder(text, what);
  if (/%(?![\da-f]{2})/i.test(text))
    throw new DatabaseAddressError(
      `has a ${what} with % in it as it is`,
      'in an address it is written %25',
    );
  if (/%00/.test(text)) throw noAddress(`has a ${what} with a zero byte in it`);
  try {
    return [name, decodeURIComponent(text)];
  } catch {
    throw noAddress(`has a ${what} whose percent-encoding is not UTF-8`);
  }
}

function ofHosts(text: string): readonly Pair[] {
  if (text === '') return [];
  const all = text.split(',').map((one) => {
    const [, bracketed, name, port] =
      /^(?:\[([\da-f:.%]+)\]|([^:[\]]*))(?::([^:]*))?$/i.exec(one) ?? [];
    if (bracketed === undefined && name === undefined)
      throw noAddress(
        one.split(':').length > 2 && !one.includes('[')
          ? 'has a host with several colons; an IPv6 address stands in [brackets]'
          : 'has a host that is none',
      );
    const [, host] = pair('host', bracketed ?? name ?? '', 'host');
    return { host, port: port ?? '' };
  });
  const ports = all.map(({ port }) => port);
  return [
    ...(all.some(({ host }) => host !== '')
      ? [['host', all.map(({ host }) => host).join(',')] as const]
      : []),
    ...(ports.some((port) => port !== '') ? [['port', ports.join(',')] as const] : []),
  ];
}

function ofQuery(text: string): readonly Pair[] {
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const [, name] = pair('name', equals < 0 ? part : part.slice(0, equals), 'parameter');
      return pair(name, equals < 0 ? '' : part.slice(equals + 1), `value of ${name}`);
    });
}

/** `host=… dbname='…'`, as libpq reads it: a backslash keeps the next letter as it is. */
function ofKeyWords(text: string): readonly Pair[] {
  const pairs: Pair[] = [];
  const one =
    /\s*([a-z][\w.]*)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?)(?=\s|$)/giy;
  let end = 0;
  for (const found of text.matchAll(one)) {
    const [all, name = '', quoted, bare = ''] = found;
    refusePlaceholder(bare, name);
    if (bare.endsWith(',')) throw noAddress(`has a comma behind its ${name}`);
    pairs.push([name, (quoted ?? bare).replace(/\\(.)/gs, '$1')]);
    end = found.index + all.length;
  }
  if (text.slice(end).trim() === '') return pairs;
  const after = pairs.at(-1)?.[0];
  throw new DatabaseAddressError(
    `cannot be read ${after === undefined ? '' : `after its ${after}`}`.trim(),
    "it is name=value, one after the other; a value with blanks stands in 'quotes'",
  );
}
