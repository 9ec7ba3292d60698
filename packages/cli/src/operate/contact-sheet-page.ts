/**
 * The page of a contact sheet. It names no address of the network, and asks for nothing but its own
 * pictures.
 */
import type { SampledFor, SampledPerson } from '@postrider/core';
import type { CampaignRow } from './names.ts';

/** A card of the sheet; without pictures where it cannot be drawn. */
export interface DrawnCard {
  readonly person: SampledPerson;
  readonly pictures: { readonly front: Uint8Array; readonly back: Uint8Array } | null;
  readonly faults: readonly string[];
  /** What is printed is the stored proof; `outdated`: the picture is of a newer template. */
  readonly proof: 'none' | 'stored' | 'outdated';
}

const chosenFor: Readonly<Record<SampledFor, string>> = {
  first: 'one of the first',
  longest_name: 'longest name',
  longest_address: 'longest address',
  most_accents: 'most letters beyond ASCII',
  longest_merge_data: 'longest merge data',
  missing_data: 'least data',
};

/** `3: longest name, one of the first`, in Latin letters. */
export function captionOf(index: number, why: readonly SampledFor[]): string {
  return `${index + 1}: ${why.map((one) => chosenFor[one]).join(', ')}`;
}

export function contactPage(campaign: CampaignRow, drawn: readonly DrawnCard[]): string {
  const title = `${campaign.name} of ${campaign.organization}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}: contact sheet</title>
<style>
body { margin: 2rem; font: 16px/1.4 serif; background: #e8e6e1; color: #222; }
section { margin: 0 0 2.5rem; }
h2 { font-size: 1.1rem; margin: 0; }
p { margin: 0.2rem 0 0.5rem; }
img { width: min(32rem, 100%); background: #fff; margin: 0 0.5rem 0.5rem 0; }
.fault { color: #a00; }
</style>
<h1>${escaped(title)}</h1>
<p>${drawn.length === 1 ? 'One card' : `${drawn.length} cards`} as they would be made now. This
folder holds names and addresses of people: delete it when you have looked.</p>
${drawn.map(sectionOf).join('\n')}
</html>
`;
}

function sectionOf({ person, pictures, faults, proof }: DrawnCard, index: number): string {
  const number = String(index + 1).padStart(2, '0');
  const picture = (side: string): string =>
    `<img src="${number}-${side}.png" alt="${side} of card ${index + 1}">`;
  const told = [
    ...faults.map((fault) => `would not be printed: ${fault}`),
    ...(proof === 'outdated'
      ? ['a stored proof of another template or of other data is printed, and not this picture']
      : []),
  ];
  return `<section>
<h2>${escaped(captionOf(index, person.why))}</h2>
<p>${escaped(whoIs(person))}</p>
${told.map((one) => `<p class="fault">${escaped(one)}</p>\n`).join('')}${
    pictures === null ? '' : picture('front') + picture('back')
  }${storedProof(person, proof)}
</section>`;
}

function whoIs({ externalId, firstName, lastName, address, reference }: SampledPerson): string {
  const name = [firstName, lastName].filter(Boolean).join(' ');
  const { line1, line2, city, region, postalCode, country } = address;
  const place = [line1, line2, city, region, postalCode, country].filter(Boolean).join(', ');
  const known = `id ${externalId}, on the card ${reference}`;
  return `${name === '' ? 'without a name' : name}, ${place} (${known})`;
}

/** A link that one may follow; only where it leads somewhere that is known. */
function storedProof({ proof }: SampledPerson, kept: DrawnCard['proof']): string {
  if (proof === null || kept === 'none') return '';
  const link = (side: string, url: string, page: number): string =>
    /^(?:file|https?):/.test(url)
      ? `<a href="${escaped(`${url}#page=${page}`)}">${side}, page ${page}</a>`
      : `${side}, page ${page} of ${escaped(url)}`;
  return (
    `\n<p>stored proof: ${link('front', proof.frontUrl, proof.frontPage)}; ` +
    `${link('back', proof.backUrl, proof.backPage)}</p>`
  );
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? letter);
}
