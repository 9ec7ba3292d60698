/**
 * The routes below `/twin/` that any twin has: the requests that came, the clock, faults, traffic.
 * What a provider has beside them (its ledger, its webhooks) it adds.
 */
import { z } from 'zod';
import type { TwinClock } from './clock.ts';
import { json, type Answer, type TwinRequest } from './exchange.ts';
import { misfortune, type MisfortuneQueue } from './misfortunes.ts';
import type { RequestLog } from './request-log.ts';
import type { Traffic } from './windows.ts';

export interface ControlParts {
  readonly requests: RequestLog;
  readonly faults: MisfortuneQueue;
  readonly clock: TwinClock;
  /** The endpoints that a fault may be ordered for. */
  readonly endpoints: readonly string[];
  turnClock(days: number): Promise<void>;
  traffic(): Readonly<Record<string, Traffic & { readonly limit: number }>>;
}

/** By `GET /twin/ledger`. */
export type ControlRoutes = Readonly<
  Record<string, (request: TwinRequest, query: URLSearchParams) => Answer | Promise<Answer>>
>;

const SECONDS_A_DAY = 86_400;

const clockRequest = z.strictObject({
  advanceDays: z.number().min(0).max(3_650).default(0),
  advanceSeconds: z.number().min(0).max(315_360_000).default(0),
});
const faultsRequest = z.strictObject({
  faults: z.array(misfortune.strict()).min(1).max(10_000),
});

/** A body of a control request. Throws with what is wrong, in one line. */
export function readControl<Schema extends z.ZodType>(
  { body }: TwinRequest,
  schema: Schema,
): z.infer<Schema> {
  const result = schema.safeParse(body.length === 0 ? {} : JSON.parse(body.toString()));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue?.path.join('.') ?? '';
  throw new Error(`${at === '' ? 'the body' : at}: ${issue?.message ?? 'it is not valid'}`);
}

export function ndjson(lines: Iterable<unknown>): Answer {
  const text = Array.from(lines, (line) => `${JSON.stringify(line)}\n`).join('');
  return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: text };
}

export function controlRoutes(parts: ControlParts): ControlRoutes {
  const { requests, faults, clock, endpoints } = parts;
  const time = (): Answer => json(200, { now: new Date(clock.now().at).toISOString() });
  return {
    'GET /twin/requests': (_request, query) => {
      const endpoint = query.get('endpoint');
      const after = Number(query.get('after') ?? 0);
      const found = requests.list(
        (one) => one.number > after && (endpoint === null || one.endpoint === endpoint),
      );
      return json(200, { count: requests.count, ...found });
    },
    'DELETE /twin/requests': () => {
      requests.clear();
      return json(200, { count: requests.count });
    },
    'GET /twin/clock': time,
    'POST /twin/clock': async (request) => {
      const { advanceDays, advanceSeconds } = readControl(request, clockRequest);
      await parts.turnClock(advanceDays + advanceSeconds / SECONDS_A_DAY);
      return time();
    },
    'GET /twin/faults': () => json(200, { faults: faults.list() }),
    'POST /twin/faults': (request) => {
      const ordered = readControl(request, faultsRequest).faults;
      const unknown = ordered.find(({ endpoint }) => !['any', ...endpoints].includes(endpoint));
      if (unknown !== undefined)
        throw new Error(
          `there is no endpoint ${unknown.endpoint}: ${['any', ...endpoints].join(', ')}`,
        );
      faults.add(ordered);
      return json(200, { faults: faults.list() });
    },
    'DELETE /twin/faults': () => {
      faults.clear();
      return json(200, { faults: [] });
    },
    'GET /twin/traffic': () => json(200, parts.traffic()),
  };
}

/** Answers a control request, or says which there are. */
export async function control(routes: ControlRoutes, request: TwinRequest): Promise<Answer> {
  const route = routes[`${request.method} ${request.path}`];
  if (route === undefined)
    return json(404, {
      error: {
        message: `there is no ${request.method} ${request.path}: ${Object.keys(routes).join(', ')}`,
      },
    });
  return await route(request, new URLSearchParams(request.query));
}
