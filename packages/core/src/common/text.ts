/**
 * A sentence as the database takes it: what adapters say may hold a NUL or half a surrogate pair.
 */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}
