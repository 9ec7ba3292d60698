/**
 * Looks at what a program hands over, before anything is begun: all that is wrong, in one error.
 */
import { z } from 'zod';
import { InvalidOptionsError } from '../common/invalid-options.ts';
import { faultsOf } from '../ports/words/schema-words.ts';
import { settingsSchema, type PipelineSettings } from './settings.ts';

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function lacking(value: Readonly<Record<string, unknown>>, names: readonly string[]): string[] {
  return names.filter((name) => typeof value[name] !== 'function');
}

/** A value that is no data. `fault` says what is wrong with one that is given; null: nothing. */
function required(what: string, fault: (value: unknown) => string | null) {
  return z.unknown().superRefine((value, context) => {
    const found = value === undefined ? `is missing: ${what}` : fault(value);
    if (found !== null)
      context.addIssue({ code: 'custom', message: found, params: { sentence: true } });
  });
}

function optional(fault: (value: unknown) => string | null) {
  return required('', (value) => (value === undefined ? null : fault(value))).optional();
}

/** What an object must be able to do. */
function able(what: string, names: readonly string[]) {
  return (value: unknown): string | null => {
    if (!isObject(value)) return `must be ${what}`;
    const missing = lacking(value, names);
    return missing.length === 0 ? null : `has no ${missing.join(', no ')}: it must be ${what}`;
  };
}

function callable(value: unknown): string | null {
  return typeof value === 'function' ? null : 'must be a function';
}

const CLIENT = 'a client of `postgres`, as connect(url) makes it';
// A transaction of a client has no begin.
const isClient = able(CLIENT, ['begin', 'unsafe', 'listen']);

const INTEGRATIONS =
  'integrationsOf(ports), or functions that find the adapters of a campaign or printer';
const isIntegrations = able(INTEGRATIONS, [
  'audience',
  'enricher',
  'renderer',
  'imageHost',
  'printer',
  'usageMeter',
  'eventSink',
]);

const WATERMARK = "restoreWatermarkFolder(path), a store of your own, or 'not kept'";
const isStore = able(WATERMARK, ['read', 'write']);

const optionsSchema = z.strictObject({
  sql: required(CLIENT, isClient),
  queueSql: optional(isClient),
  integrations: required(INTEGRATIONS, isIntegrations),
  restoreWatermark: required(
    'where the pipeline remembers, outside of the database, what was begun. By it a database ' +
      `that is restored from a backup is noticed, and nobody is mailed twice. Give ${WATERMARK}`,
    (value) => (value === 'not kept' ? null : isStore(value)),
  ),
  artworkFolders: z.array(z.string().min(1)).optional(),
  logger: optional(able('a logger, as pino makes it', ['debug', 'info', 'warn', 'error'])),
  settings: settingsSchema.optional(),
  now: optional(callable),
  onPoint: optional(callable),
});

/** The settings of a pipeline. Throws `InvalidOptionsError`. */
export function checkOptions(options: unknown): PipelineSettings {
  const { settings } = parsed('createPipeline', optionsSchema, options);
  return settings ?? settingsSchema.parse({});
}

const AUDIENCE = 'the source of the members of a segment';
const HOST = 'the place where pictures of cards are put';
const portsSchema = z.strictObject({
  audience: required(AUDIENCE, able(AUDIENCE, ['members'])),
  renderer: required('what renders cards', able('what renders cards', ['render'])),
  imageHost: required(HOST, able(HOST, ['put'])),
  printer: required('what prints cards', able('what prints cards', ['submit', 'find'])),
  enricher: z
    .strictObject({
      name: z.string().min(1),
      port: required('an enricher', able('an enricher', ['submit', 'find', 'collect'])),
    })
    .optional(),
  usageMeter: optional(able('a usage meter', ['record'])),
  eventSink: optional(able('an event sink', ['emit'])),
});

/** Throws `InvalidOptionsError` where a port is missing, or is none. */
export function checkPorts(ports: unknown): void {
  parsed('integrationsOf', portsSchema, ports);
}

function parsed<Schema extends z.ZodObject>(
  of: string,
  schema: Schema,
  given: unknown,
): z.infer<Schema> {
  const result = schema.safeParse(given ?? {});
  if (result.success) return result.data;
  const faults = faultsOf(result.error, {
    schema,
    value: given ?? {},
    noSuch: 'is no option here',
  });
  throw new InvalidOptionsError(
    of,
    faults.map(({ path, message }) => ({ option: path.join('.') || 'options', message })),
  );
}
