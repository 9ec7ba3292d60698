/**
 * Columns of a campaign that its file calls otherwise: nothing that people read has these names.
 */
const columns = [
  'provider_segment_id',
  'integrations',
  'campaign_mode',
  'base_directory',
  'printer_name',
  'exclusion_window',
  'frequency_cap_mode',
  'holdout_percent',
  'holdout_salt',
  'budget_minor',
  'price_minor',
  'assumed_after',
  'longest_address_line',
  'longest_name',
];

/** Those that stand in a text as words of their own. */
export function columnsIn(text: string): string[] {
  return columns.filter((name) => new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(text));
}
