/** The options of lists of people, whatever the form of the file. */
import { resolve } from 'node:path';
import { AdapterConfigError, AudienceSourceError } from '@postrider/core/ports';
import type { AdapterWiring } from '@postrider/core/ports';
import { isCountry } from '@postrider/core/ports/countries';
import { z } from 'zod';
import { columnRoles, columnsOption, ignoreOption, type ColumnPlan } from './column-plan.ts';
import { encodings } from './source-file.ts';

/** How the rows of a file are read, whatever they are read for. */
export const rowOptions = z.strictObject({
  columns: columnsOption
    .default({})
    .describe(
      `which column is what: ${columnRoles.map((role) => `\`${role}\``).join(', ')}; ` +
        'usual names are found by themselves, `null` switches that off, ' +
        'every other column is merge data',
    ),
  ignore: ignoreOption
    .default([])
    .describe(
      'columns that are no part of a name or an address, and say nothing of who is not to be ' +
        'mailed, although they look like it; `*` stands for any letters (`Billing *`). ' +
        'They stay merge data',
    ),
  defaultCountry: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166), for example US')
    .refine(isCountry, 'is no country (ISO 3166)')
    .default('US')
    .describe('of rows without a country'),
  machineWords: z
    .enum(['refuse', 'keep'])
    .default('refuse')
    .describe(
      '`refuse`: words of machines in names and addresses (`NULL`, `#REF!`, `{{ first_name }}`, ' +
        '`&amp;`) count as blank, are mended or reject the row, and are told; ' +
        '`keep`: they are taken as they stand',
    ),
  encoding: z
    .enum(encodings)
    .default('utf-8')
    .describe('of the file; a byte order mark at its beginning is believed before this'),
});

export const delimiterOption = z
  .string()
  .length(1)
  .optional()
  .describe('one character; found out from the header unless told');

export interface RowOptions extends z.infer<typeof rowOptions> {
  readonly segmentColumn?: string | undefined;
}

export const fileAudienceOptions = z.strictObject({
  path: z.string().min(1).optional().describe('the file; relative to the campaign file'),
  segments: z
    .record(z.string(), z.string().min(1))
    .optional()
    .describe('files by segment id, where one source holds several segments'),
  segmentColumn: z
    .string()
    .min(1)
    .optional()
    .describe('takes only rows whose cell in this column is the segment id'),
  ...rowOptions.shape,
});

/** Absolute path by segment id. Throws `AdapterConfigError` where no file is named at all. */
export function segmentPaths(
  options: {
    readonly path?: string | undefined;
    readonly segments?: Readonly<Record<string, string>> | undefined;
  },
  wiring: AdapterWiring,
): (segmentId: string) => string {
  const { path, segments } = options;
  if (path === undefined && segments === undefined)
    throw new AdapterConfigError('audience.path', 'name the file of the audience');
  return (segmentId) => {
    const file =
      segments !== undefined && Object.hasOwn(segments, segmentId) ? segments[segmentId] : path;
    if (file === undefined) {
      throw new AudienceSourceError(
        `audience.segments names no file for segment "${segmentId}"; it has ${Object.keys(segments ?? {}).join(', ')}`,
      );
    }
    return resolve(wiring.baseDirectory, file);
  };
}

/** Where the segment column stands; undefined where there is no filter. */
export function segmentIndex(plan: ColumnPlan, name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const index = plan.names.findIndex(
    (column) => column.toLowerCase() === name.trim().toLowerCase(),
  );
  return index < 0 ? undefined : index;
}
