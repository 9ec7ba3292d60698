/** An embedded PostgreSQL 18, and the choice between it and a server of one's own. */
export type { Database, DatabaseOptions } from './database-url.ts';
export { configuredUrl, databaseUrl, redactUrl } from './database-url.ts';
export type { ServerErrorCode } from './errors.ts';
export { ServerError } from './errors.ts';
export type { StopMode } from './postmaster.ts';
export type { EnsureOptions, Server, ServerStatus } from './server.ts';
export type { Place } from './layout.ts';
export { ensureServer, serverStatus, stopServer } from './server.ts';
