/**
 * postrider.yaml, and the same settings in the environment. Loaded only where there is one of them.
 */
import { z } from 'zod';
import { defaults, type Settings } from './settings.ts';
import { ConfigurationError, parseConfig, readConfigFile } from './yaml-file.ts';

function whole(least: number, most: number) {
  return z.int().min(least, `at least ${least}`).max(most, `at most ${most}`);
}

const schema = z.strictObject({
  http: z
    .strictObject({ host: z.string().min(1).optional(), port: whole(0, 65_535).optional() })
    .default({}),
  runner: z
    .strictObject({
      proof_slots: whole(0, 64).optional(),
      mail_slots: whole(0, 64).optional(),
      cohort_size: whole(1, 1000).optional(),
      /** Longer than any printer takes to answer, 10 s unless told. */
      lease_seconds: whole(5, 3600).optional(),
      calls_kept_days: whole(1, 36_500).optional(),
    })
    .default({}),
  sql: z.strictObject({ statement_timeout_seconds: whole(1, 86_400).optional() }).default({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
      format: z.enum(['text', 'json', 'auto']).optional(),
      progress_seconds: whole(0, 86_400).optional(),
    })
    .default({}),
});

export interface FromEnvironment {
  readonly name: string;
  readonly path: readonly [string, string];
  readonly value: string;
}

export async function readSettings(
  file: string,
  environment: readonly FromEnvironment[],
): Promise<Settings> {
  const { value: fromFile } = await readConfigFile(file, schema, {});
  const fromEnvironment = environment.map((one) => readOne(one));
  const pick = (group: keyof z.infer<typeof schema>) =>
    Object.assign({}, fromFile[group], ...fromEnvironment.map((one) => one[group])) as object;
  const { http, runner, sql, log } = schema.parse({
    http: pick('http'),
    runner: pick('runner'),
    sql: pick('sql'),
    log: pick('log'),
  });
  return {
    http: { host: http.host ?? defaults.http.host, port: http.port ?? defaults.http.port },
    proofSlots: runner.proof_slots ?? defaults.proofSlots,
    mailSlots: runner.mail_slots ?? defaults.mailSlots,
    cohortSize: runner.cohort_size ?? defaults.cohortSize,
    leaseSeconds: runner.lease_seconds ?? defaults.leaseSeconds,
    callsKeptDays: runner.calls_kept_days ?? defaults.callsKeptDays,
    statementTimeoutSeconds: sql.statement_timeout_seconds ?? defaults.statementTimeoutSeconds,
    logLevel: log.level ?? defaults.logLevel,
    logFormat: log.format ?? defaults.logFormat,
    progressSeconds: log.progress_seconds ?? defaults.progressSeconds,
  };
}

function readOne({ name, path: [group, field], value }: FromEnvironment): z.infer<typeof schema> {
  const typed = /^\d+$/.test(value) ? Number(value) : value;
  try {
    return parseConfig(name, JSON.stringify({ [group]: { [field]: typed } }), schema).value;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const problems = error.problems.map((problem) => ({
      line: null,
      column: null,
      field: '',
      message: problem.message,
    }));
    throw new ConfigurationError(
      `the environment variable ${name}`,
      problems,
      'nothing was changed',
      error,
    );
  }
}
