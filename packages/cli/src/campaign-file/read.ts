/** Reads a campaign file. All that is wrong with it is told at once, each with its line. */
import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { faultsBetween, portFields } from '@postrider/adapters';
import type { CampaignDefinition } from '@postrider/core';
import { isGroup } from '@postrider/runner/integrations';
import {
  ConfigurationError,
  inOrder,
  readDraft,
  type ConfigDraft,
  type Problem,
} from '@postrider/runner/yaml-file';
import { definitionOf, minorUnits } from './definition.ts';
import { budget, schema } from './schema.ts';

export interface CampaignFile {
  readonly path: string;
  readonly organization: string;
  readonly timeZone: string | null;
  readonly definition: CampaignDefinition;
  /**
   * An error at a field of this file, with its line; fields by their names in the file, for example
   * `audience.path`.
   */
  error(
    problems: readonly { readonly field: string; readonly message: string }[],
  ): ConfigurationError;
}

/**
 * A campaign file as it stands: where some of it cannot be used, the rest can still be looked at.
 */
export interface CampaignDraft {
  readonly path: string;
  readonly baseDirectory: string;
  readonly raw: Readonly<Record<string, unknown>>;
  /** Null where there are problems. */
  readonly file: CampaignFile | null;
  readonly problems: readonly Problem[];
  /** A problem at a field of this file, by its name there, for example `audience.path`. */
  problem(field: string, message: string): Problem;
}

/** Throws `ConfigurationError` where there is nothing to look at: no such file, broken YAML. */
export async function readCampaignDraft(path: string): Promise<CampaignDraft> {
  const draft = await readDraft(path, schema);
  const { value } = draft;
  const raw = isGroup(draft.raw) ? draft.raw : {};
  const problems = inOrder([...draft.problems, ...contradictions(raw, draft.problem)]);
  const problem = (field: string, message: string): Problem =>
    draft.problem(field.split('.'), message);
  const baseDirectory = dirname(realpathSync(resolve(path)));
  const error: CampaignFile['error'] = (found) =>
    new ConfigurationError(
      path,
      found.map(({ field, message }) => problem(field, message)),
    );
  const file =
    value === null || problems.length > 0
      ? null
      : {
          path,
          organization: value.organization,
          timeZone: value.time_zone ?? null,
          definition: definitionOf(value, baseDirectory),
          error,
        };
  return { path, baseDirectory, raw, file, problems, problem };
}

/** Throws `ConfigurationError`. */
export async function readCampaignFile(path: string): Promise<CampaignFile> {
  const { file, problems } = await readCampaignDraft(path);
  if (file === null) throw new ConfigurationError(path, problems);
  return file;
}

/** Between fields that may each be well. */
function contradictions(
  raw: CampaignDraft['raw'],
  problem: ConfigDraft<unknown>['problem'],
): Problem[] {
  const problems = unstorable(raw).map((path) =>
    problem(path, 'holds NUL or half of a character, which cannot be stored'),
  );
  const missing = (field: string): boolean => (raw[field] ?? null) === null;
  for (const port of Object.values(portFields)) {
    const { [port]: entry } = raw;
    for (const { option, message } of isGroup(entry) ? faultsBetween(port, entry) : [])
      problems.push(problem(option.split('.'), message));
  }
  if (!missing('segment') && missing('audience'))
    problems.push(
      problem(['segment'], 'names a segment, but there is no audience to read it from'),
    );
  if (raw['mode'] === 'automated' && missing('segment'))
    problems.push(
      problem(
        ['mode'],
        'an automated campaign follows a segment: name one with segment, or use one_off',
      ),
    );
  const money = budget.safeParse(raw['budget']);
  if (money.success) {
    const { digits, currency } = minorUnits(money.data.currency);
    for (const field of ['amount', 'price_per_card'] as const) {
      if (!isWhole(money.data[field] * 10 ** digits))
        problems.push(problem(['budget', field], `${currency} has ${digits} decimals`));
    }
  }
  return problems;
}

/** Where a text, or a name of a field, is none that PostgreSQL stores. */
function unstorable(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    isStorable(name) ? unstorable(inner, [...path, name]) : [path],
  );
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** 0.85 × 100 is 85.00000000000001 or thereabouts. */
function isWhole(minor: number): boolean {
  return Math.abs(minor - Math.round(minor)) < 1e-6;
}
