/**
 * What a rendered card is made of, as in `Content-Type`. The trade takes `application/pdf`, and
 * `image/png` or `image/jpeg` of 300 dots per inch, with bleed; an adapter of yours may have
 * others. An adapter that takes anything says so with `anyMedia`.
 */
export type MediaType = `${string}/${string}`;

export const anyMedia: readonly MediaType[] = ['*/*'];

export function takesMedia(taken: readonly MediaType[], type: string): boolean {
  return taken.some((one) => one === '*/*' || one === type);
}

/** The first of what is made that is taken: this is what will be rendered. Null where none is. */
export function fittingMedia(
  made: readonly MediaType[],
  taken: readonly MediaType[],
): MediaType | null {
  return made.find((type) => takesMedia(taken, type)) ?? null;
}
