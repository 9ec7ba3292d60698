/** Reading a request, and refusing it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import { messageOf } from './errors.ts';

const LARGEST_BODY = 2 * 1024 * 1024;

export type Env = { Bindings: HttpBindings };
export type Ctx = Context<Env>;
type Status = 400 | 401 | 403 | 404 | 409 | 412 | 413 | 422 | 429 | 500 | 503;

/** What an answer says that is not 2xx. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Says what is wrong with a body, in one sentence. */
export type Describe = (error: z.ZodError) => Refusal;

export async function body<Schema extends z.ZodType>(
  c: Ctx,
  schema: Schema,
  describe: Describe,
): Promise<z.infer<Schema>> {
  const text = await readText(c);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused(c, 400, {
      code: 'bad_request',
      message: `The body is not JSON: ${messageOf(error)}. Nothing of this request was done.`,
    });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw refused(c, 400, describe(result.error));
  return result.data;
}

/**
 * Hono's own limit makes a new Request for a body of unknown length, which needs the server to
 * replace the global class of the host program.
 */
async function readText(c: Ctx): Promise<string> {
  const tooLarge = (): HTTPException => {
    // The rest of the body is not worth reading, so the connection cannot be used again.
    c.header('connection', 'close');
    return refused(c, 413, {
      code: 'too_large',
      message: `A request may hold ${LARGEST_BODY} bytes. Nothing of this one was done.`,
    });
  };
  const announced = c.req.header('content-length');
  if (announced !== undefined) {
    if (Number(announced) > LARGEST_BODY) throw tooLarge();
    return c.req.text();
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function refused(c: Ctx, status: 400 | 413, refusal: Refusal): HTTPException {
  return new HTTPException(status, { res: refuse(c, status, refusal) });
}

export function refuse(c: Context, status: Status, refusal: Refusal): Response {
  return c.json(refusal, status);
}

/** Hashed first, so that neither the time nor the length tells anything about the token. */
export function hasToken(c: Ctx, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const header = c.req.header('authorization') ?? '';
  return timingSafeEqual(digest(header), digest(`Bearer ${token}`));
}
