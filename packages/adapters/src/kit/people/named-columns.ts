/** Names of columns as they are told: in quotes, each at most 40 characters, not too many. */
const most = 30;

export function named(names: readonly string[]): string {
  const shown = names
    .slice(0, most)
    .map((name) => `"${name.length > 40 ? `${name.slice(0, 40)}…` : name}"`);
  return names.length > most
    ? `${shown.join(', ')} and ${names.length - most} more`
    : shown.join(', ') || 'no columns';
}
