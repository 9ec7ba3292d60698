/** A campaign file in the machine's words. */
import type { CampaignDefinition } from '@postrider/core';
import type { Address } from '@postrider/core/ports';
import type { z } from 'zod';
import { returnAddress, deliveryTimeOf, type CampaignFields } from './schema.ts';

export function definitionOf(file: CampaignFields, baseDirectory: string): CampaignDefinition {
  const {
    audience,
    enricher,
    image_host: host,
    printer,
    usage_meter,
    event_sink: sink,
    budget: money,
    return_address: from,
  } = file;
  const { template, ...renderer } = file.renderer;
  const { statuses, ...event_sink } = sink ?? {};
  const { remove_after_days: removeAfter, keep_at_most_days: keepAtMost, ...image_host } = host;
  const ports = {
    audience,
    enricher,
    renderer,
    image_host,
    printer,
    usage_meter,
    event_sink: sink === undefined ? undefined : event_sink,
  };
  const known = deliveryTimeOf(file.mail_class);
  const scale = money === undefined ? 1 : 10 ** minorUnits(money.currency).digits;
  return {
    name: file.name,
    campaign_mode: file.mode,
    provider_segment_id: file.segment ?? null,
    integrations: Object.fromEntries(
      Object.entries(ports).filter(([, port]) => port !== undefined),
    ),
    base_directory: baseDirectory,
    template,
    format: file.format,
    mail_class: file.mail_class,
    printer_name: printer.name ?? null,
    return_address: from === undefined ? null : printed(from),
    dedupe: file.dedupe,
    exclusion_window: `${file.exclusion_window_days} days`,
    frequency_cap: file.frequency_cap === undefined ? null : `${file.frequency_cap.days} days`,
    frequency_cap_mode: file.frequency_cap?.mode ?? 'skip',
    holdout_percent: file.holdout?.percent ?? 0,
    holdout_salt: file.holdout?.salt ?? file.name,
    daily_cap: file.daily_cap ?? null,
    total_cap: file.total_cap ?? null,
    budget_minor: money === undefined ? null : Math.round(money.amount * scale),
    price_minor: money === undefined ? null : Math.round(money.price_per_card * scale),
    currency: money?.currency ?? null,
    offer_ends_on: file.offer_ends_on ?? null,
    transit_days: file.transit_days ?? known.transit,
    hold_back_minutes: file.hold_back_minutes,
    assumed_after: `${file.assumed_after_days ?? known.assumed} days`,
    effects: [
      ...(usage_meter === undefined ? [] : (['usage_meter'] as const)),
      ...(sink === undefined ? [] : (['event_sink'] as const)),
    ],
    remove_images_after: removeAfter === 'never' ? null : `${removeAfter} days`,
    keep_images_at_most: `${keepAtMost} days`,
    ...(statuses === undefined ? {} : { event_statuses: [...new Set(statuses)] }),
  };
}

function printed(from: z.infer<typeof returnAddress>): Address {
  const { line1, line2 = null, city, region = null, postal_code: postalCode, country } = from;
  return { line1, line2, city, region, postalCode, country };
}

/** As it stands on a card; null where there is none that can be used. */
export function returnAddressOf(raw: unknown): Address | null {
  const { data } = returnAddress.safeParse(raw);
  return data === undefined ? null : printed(data);
}

export function minorUnits(currency: string): { digits: number; currency: string } {
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return { digits: maximumFractionDigits ?? 2, currency };
}
