/**
 * Settings of a runner: flag before environment before postrider.yaml before default. Secrets and
 * the address of the database are not settings.
 */

export interface Settings {
  readonly http: { readonly host: string; readonly port: number };
  readonly proofSlots: number;
  readonly mailSlots: number;
  readonly cohortSize: number;
  readonly leaseSeconds: number | null;
  /** What providers were asked and answered. */
  readonly callsKeptDays: number;
  /** For `postrider sql`. */
  readonly statementTimeoutSeconds: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** auto: text where a terminal listens, JSON otherwise. */
  readonly logFormat: LogFormat;
  /** How often `postrider run` says what it does; 0: never. */
  readonly progressSeconds: number;
}

export type LogFormat = 'text' | 'json' | 'auto';

export const defaults: Settings = {
  http: { host: '127.0.0.1', port: 4117 },
  proofSlots: 2,
  mailSlots: 4,
  cohortSize: 50,
  leaseSeconds: null,
  callsKeptDays: 400,
  statementTimeoutSeconds: 30,
  logLevel: 'info',
  logFormat: 'auto',
  progressSeconds: 10,
};
