/**
 * `bench artwork`: what it costs to take single pages out of a document of cards. Each round begins
 * with a cutter that knows nothing: the document is read, hashed and parsed, then every page of it
 * is cut and hashed.
 */
import { createArtworkCutter, quietContext, type CardRequest } from '@postrider/core';
import { createTypstRenderer } from '@postrider/adapters/typst';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { median } from './median.ts';

const bakery = fileURLToPath(new URL('../../../examples/bakery', import.meta.url));
const ROUNDS = 9;

export async function benchArtwork(say: (line: string) => void, people = 250) {
  const folder = await mkdtemp(join(tmpdir(), 'postrider-bench-'));
  try {
    const document = await rendered(people, folder);
    const file = join(folder, 'cards.pdf');
    await writeFile(file, document);
    const url = pathToFileURL(file).href;
    const hash = createHash('sha256').update(document).digest('hex');
    const pages = 2 * people;
    const took: { readonly seconds: number; readonly cpu: number }[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const cutter = createArtworkCutter({ folders: [folder] });
      const [began, cpu] = [performance.now(), process.cpuUsage()];
      bytes = 0;
      for (let page = 1; page <= pages; page++)
        bytes += (await cutter.cut([{ url, page, hash }])).bytes.length;
      const used = process.cpuUsage(cpu);
      took.push({
        seconds: (performance.now() - began) / 1000,
        cpu: (used.user + used.system) / 1e6,
      });
    }
    const seconds = median(took.map((one) => one.seconds));
    const figures = {
      pages_per_second: Math.round(pages / seconds),
      cpu_ms_per_page: Number(((median(took.map(({ cpu }) => cpu)) * 1000) / pages).toFixed(3)),
      pages,
      document_bytes: document.length,
      bytes_per_page: Math.round(bytes / pages),
    };
    say(`${figures.pages_per_second} pages a second of a document of ${people} cards`);
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rendered(people: number, folder: string): Promise<Uint8Array> {
  const renderer = await createTypstRenderer(
    {},
    { baseDirectory: bakery, dataDirectory: folder, secret: () => undefined },
  );
  const { documents, refused = [] } = await renderer.render(
    {
      template: 'postcard.typ',
      format: '4x6',
      media: 'application/pdf',
      cards: Array.from({ length: people }, (_, index) => cardOf(index + 1)),
    },
    quietContext(),
  );
  const [only] = documents;
  if (only === undefined || documents.length > 1)
    throw new Error(`the example made no document: ${JSON.stringify(refused)}`);
  return only.bytes;
}

function cardOf(number: number): CardRequest {
  return {
    recipientId: `person-${number}`,
    firstName: `Ann ${number}`,
    lastName: 'Lee',
    address: {
      line1: `${number} Main Street`,
      line2: null,
      city: 'Springfield',
      region: 'IL',
      postalCode: '62701',
      country: 'US',
    },
    returnAddress: null,
    merge: { favorite: 'Rye', promo_code: `CRUMB-${number}` },
    reference: `R-${number}`,
  };
}
