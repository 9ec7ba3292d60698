// Generated from registry.ts by `npm run generate`. Do not edit.

/** The kinds of adapters by port, as a campaign file names both. */
export const kinds: Readonly<Record<string, readonly string[]>> = {
  audience: ['csv', 'ndjson'],
  enricher: ['lookup'],
  renderer: ['typst', 'noop'],
  image_host: ['folder', 'noop'],
  printer: ['lob', 'print-shop', 'noop'],
  usage_meter: ['file'],
  event_sink: ['file', 'webhook', 'klaviyo'],
};
