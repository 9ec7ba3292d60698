/** Where a twin may send its webhooks. */

/** What is wrong with an address for webhooks, or null. */
export function webhookFault(url: string): string | null {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol))
    return 'The webhook must be an http: or https: URL.';
  if (parsed.username !== '' || parsed.password !== '')
    return 'The webhook must not hold a user name or a password: it is written to the ledger.';
  return null;
}
