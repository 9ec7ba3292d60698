import { resolve } from 'node:path';
import { AdapterConfigError, AudienceSourceError } from '@postrider/core/ports';
import type { AdapterWiring } from '@postrider/core/ports';
import { z } from 'zod';
import { columnsOption } from './columns.ts';
import type { ColumnPlan } from './columns.ts';

export const fileAudienceOptions = z.strictObject({
  /** The file; relative to the campaign file. */
  path: z.string().min(1).optional(),
  /** Files by segment id, where one source holds several segments. */
  segments: z.record(z.string(), z.string().min(1)).optional(),
  /** Takes only rows whose cell in this column equals the segment id. */
  segmentColumn: z.string().min(1).optional(),
  columns: columnsOption.default({}),
  defaultCountry: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166), for example US')
    .default('US'),
  encoding: z.enum(['utf-8', 'utf-16le', 'windows-1252']).default('utf-8'),
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
