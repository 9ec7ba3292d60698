/** What JSON is to look like: each member of a type by its kind. */
import assert from 'node:assert/strict';

type Base<T> = T extends string
  ? 'string'
  : T extends number
    ? 'number'
    : T extends boolean
      ? 'boolean'
      : T extends readonly unknown[]
        ? 'list'
        : 'object';

/** With `?` where it may be null or missing. */
type Kind<T> = null extends T
  ? `${Base<NonNullable<T>>}?`
  : undefined extends T
    ? `${Base<NonNullable<T>>}?`
    : Base<T>;

/** Every member of T by its kind. */
export type Shape<T> = { readonly [Key in keyof T]-?: Kind<T[Key]> };

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}

/** `value` has these members and no others, each of its kind. */
export function fits<T extends object>(value: T | null | undefined, shape: Shape<T>): T {
  assert.ok(value);
  const kinds = new Map<string, string>(Object.entries(shape));
  assert.deepEqual(
    Object.keys(value).filter((name) => !kinds.has(name)),
    [],
    'members that no type has',
  );
  const told = new Map<string, unknown>(Object.entries(value));
  for (const [name, kind] of kinds) {
    const member = told.get(name) ?? null;
    if (member === null) assert.match(kind, /\?$/, `${name} is missing`);
    else assert.equal(kindOf(member), kind.replace('?', ''), name);
  }
  return value;
}
