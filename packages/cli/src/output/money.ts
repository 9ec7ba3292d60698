/** `USD 0.85`, of an amount in the smallest unit of its currency. */
export function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    currencyDisplay: 'code',
  });
  return format
    .format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
    .replace('\u00a0', ' ');
}
