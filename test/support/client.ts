/** A plain connection, for tests and for administration; the pipeline has its own pool in core. */
import postgres from 'postgres';

export { postgres };
export type Sql = postgres.Sql;

/** One connection, silent about notices. `close` it with `end()`. */
export function connect(url: string, options: postgres.Options<Record<string, never>> = {}): Sql {
  return postgres(url, { max: 1, onnotice: () => undefined, ...options });
}

/** The same server and password with another database or user. */
export function withDatabase(url: string, name: string, user?: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  if (user !== undefined) changed.username = user;
  return changed.href;
}
