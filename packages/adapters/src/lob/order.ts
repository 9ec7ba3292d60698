/** A piece as Lob's form for a postcard. */
import { ArtworkError } from '@postrider/core/ports';
import type { Address, ArtworkCutter, PieceRequest } from '@postrider/core/ports';
import { Form } from '../kit/form.ts';
import { referencePairs } from '../kit/references.ts';
import { mailTypes } from './formats.ts';
import type { LobOptions } from './options.ts';

/** Remote artwork, as the spec takes it: https, no query, an ending that tells what it is. */
const linkForm = /^https:\/\/[-a-zA-Z0-9@:%._+~#=/]{1,256}\.(pdf|png|jpg)$/;

const extensions: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/png': 'png',
  'image/jpeg': 'jpg',
};

/** Throws `ArtworkError`. */
export async function postcardForm(
  piece: PieceRequest,
  options: LobOptions,
  cutter: ArtworkCutter,
): Promise<Form> {
  const form = new Form();
  const put = (name: string, value: string | null): void => {
    if (value !== null && value !== '') form.add(name, value);
  };
  const putAddress = (side: 'to' | 'from', name: string, address: Address): void => {
    put(`${side}[name]`, name);
    put(`${side}[address_line1]`, address.line1);
    put(`${side}[address_line2]`, address.line2);
    put(`${side}[address_city]`, address.city);
    put(`${side}[address_state]`, address.region);
    put(`${side}[address_zip]`, address.postalCode);
    put(`${side}[address_country]`, address.country);
  };
  putAddress('to', piece.to.name, piece.to.address);
  if (piece.from !== null && options.sender !== undefined)
    putAddress('from', options.sender, piece.from);
  put('size', piece.format);
  put('mail_type', mailTypes[piece.mailClass] ?? null);
  if (options.useType !== 'account') put('use_type', options.useType);
  put('print_speed', options.printSpeed ?? null);
  for (const [name, value] of Object.entries(referencePairs(piece)))
    put(`metadata[${name}]`, value);
  for (const side of ['front', 'back'] as const) {
    const { url, page } = piece.artwork[side];
    if (options.artwork === 'links') {
      form.add(side, linkOf(side, url, page));
      continue;
    }
    const { bytes, mediaType, hash } = await cutter.cut([piece.artwork[side]]);
    const name = `${side}.${extensions[mediaType] ?? 'pdf'}`;
    form.add(side, { name, type: mediaType, bytes, hash });
  }
  return form;
}

function linkOf(side: string, url: string, page: number): string {
  if (page !== 1)
    throw new ArtworkError(
      'unusable',
      `The ${side} is page ${page} of a document of several cards, and a link names a whole file: use artwork: bytes.`,
    );
  if (!linkForm.test(url))
    throw new ArtworkError(
      'unusable',
      `Lob takes no link as that of the ${side}: https, no query, at most 256 letters, and an end in .pdf, .png or .jpg. Use artwork: bytes, or another image host.`,
    );
  return url;
}
