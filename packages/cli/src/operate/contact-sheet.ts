/**
 * The contact sheet: cards of some people of a campaign as pictures, in a folder that a browser
 * shows without any network. It holds names and addresses: a folder that is made for it is its
 * owner's alone.
 */
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PreviewRenderer } from '@postrider/adapters';
import { overviewOf } from '@postrider/adapters/overview';
import {
  launchSample,
  type CampaignBrief,
  type CardRequest,
  type SampledPerson,
} from '@postrider/core';
import { campaignBrief } from '@postrider/core/machine';
import { quietContext } from '@postrider/core/ports';
import type { Sql } from '@postrider/runner/database';
import { createIntegrations } from '@postrider/runner/integrations';
import { explain } from '../errors/explain.ts';
import { makeFolder } from '../output/make-folder.ts';
import type { Cli } from '../program/cli.ts';
import { captionOf, contactPage, type DrawnCard } from './contact-sheet-page.ts';
import type { CampaignRow } from './names.ts';
import { canPreview } from './preview.ts';

/** Wide enough to read the smallest line of an address. */
const WIDTH = 1000;

export interface ContactSheet {
  /** Null: there is none, as `missing` says. */
  readonly page: string | null;
  readonly overview: string | null;
  readonly missing: string | null;
  readonly cards: readonly SheetCard[];
}

export interface SheetCard {
  readonly recipientId: string;
  readonly externalId: string;
  readonly why: SampledPerson['why'];
  /** Null where the card cannot be drawn. */
  readonly front: string | null;
  readonly back: string | null;
  /** Why it would not be printed. */
  readonly faults: readonly string[];
  /** What is printed is the stored proof; `outdated`: the picture here is of a newer template. */
  readonly proof: 'none' | 'stored' | 'outdated';
}

/**
 * Makes it, and says why where there is none: a campaign is launched without it all the same. A
 * folder that was named and cannot be written is an error.
 * @param given the folder; null: one of the project.
 */
export async function makeContactSheet(
  cli: Cli,
  sql: Sql,
  campaign: CampaignRow,
  given: string | null,
): Promise<ContactSheet> {
  const without = (missing: string): ContactSheet => ({
    page: null,
    overview: null,
    missing,
    cards: [],
  });
  const people = await launchSample(sql, campaign);
  if (people.length === 0) return without('nobody waits for a card yet');
  const project = await cli.project();
  const brief = await campaignBrief(sql, campaign.organizationId, campaign.campaignId);
  let renderer: object;
  try {
    renderer = await createIntegrations(project, { sql }).renderer(brief);
  } catch (error) {
    return without(`the renderer cannot be used here: ${explain(error).message}`);
  }
  if (!canPreview(renderer))
    return without(`the renderer of ${campaign.name} makes no previews; typst does`);
  // With pictures on the card this takes some seconds.
  if (cli.out.live) cli.out.note(`drawing the cards of ${people.length} people to look at`);
  const drawn = await drawAll(renderer, brief, people);
  const folder =
    given === null
      ? join(project.directory, 'out', 'launch', campaign.name.replaceAll(/[^\w.-]/g, '-'))
      : resolve(given);
  try {
    return await write(folder, campaign, drawn);
  } catch (error) {
    if (given !== null) throw error;
    return without(`it cannot be written: ${explain(error).message}; --sheet names another folder`);
  }
}

async function drawAll(
  renderer: PreviewRenderer,
  brief: CampaignBrief,
  people: readonly SampledPerson[],
): Promise<readonly DrawnCard[]> {
  const outdated = await outdatedProofs(renderer, brief, people);
  const drawn: DrawnCard[] = [];
  // One after the other: the renderer is busy with each.
  for (const person of people) {
    const proof =
      person.proof === null ? 'none' : outdated.has(person.recipientId) ? 'outdated' : 'stored';
    try {
      const { front, back, faults } = await renderer.preview(
        { template: brief.template, format: brief.format, card: cardOf(person, brief) },
        { width: WIDTH },
      );
      const told = faults.map(({ message }) => message);
      drawn.push({ person, pictures: { front, back }, faults: told, proof });
    } catch (error) {
      drawn.push({ person, pictures: null, faults: [explain(error).message], proof });
    }
  }
  return drawn;
}

/** The people whose stored proof is not what would be made now. */
async function outdatedProofs(
  renderer: PreviewRenderer,
  brief: CampaignBrief,
  people: readonly SampledPerson[],
): Promise<ReadonlySet<string>> {
  const stored = new Map(
    people.flatMap(({ recipientId, proof }) =>
      proof === null ? [] : [[recipientId, proof.contentHash]],
    ),
  );
  const cards = people.filter(({ proof }) => proof !== null).map((one) => cardOf(one, brief));
  if (cards.length === 0) return new Set();
  const { template, format } = brief;
  const [media = 'application/pdf'] = renderer.makes;
  const { results } = await renderer
    .render({ template, format, media, cards }, quietContext())
    // What is wrong is told of each card where it is drawn.
    .catch(() => ({ results: [] }));
  return new Set(
    results.flatMap((one) =>
      one.outcome === 'rendered' && one.contentHash !== stored.get(one.recipientId)
        ? [one.recipientId]
        : [],
    ),
  );
}

function cardOf(person: SampledPerson, { returnAddress }: CampaignBrief): CardRequest {
  const { recipientId, firstName, lastName, address, merge, reference } = person;
  return { recipientId, firstName, lastName, address, returnAddress, merge, reference };
}

/** A file of a sheet that was made before: it would show people who are not of this one. */
const OURS = /^(?:\d{2,3}-(?:front|back)\.png|overview\.png|index\.html)$/;

async function write(
  folder: string,
  campaign: CampaignRow,
  drawn: readonly DrawnCard[],
): Promise<ContactSheet> {
  const made = await makeFolder(folder, 0o700);
  // The mode of a new folder is cut by the process's mask, and never widened. A folder that was
  // there keeps its own.
  if (made) await chmod(folder, 0o700);
  const before = await readdir(folder);
  for (const name of before) if (OURS.test(name)) await rm(join(folder, name));
  const save = async (name: string, bytes: Uint8Array | string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, bytes, { mode: 0o600 });
    return path;
  };
  const cards: SheetCard[] = [];
  for (const [index, { person, pictures, faults, proof }] of drawn.entries()) {
    const number = String(index + 1).padStart(2, '0');
    const { recipientId, externalId, why } = person;
    cards.push({
      recipientId,
      externalId,
      why,
      front: pictures && (await save(`${number}-front.png`, pictures.front)),
      back: pictures && (await save(`${number}-back.png`, pictures.back)),
      faults,
      proof,
    });
  }
  const tiles = drawn.flatMap(({ person, pictures }, index) =>
    pictures === null ? [] : [{ ...pictures, caption: captionOf(index, person.why) }],
  );
  return {
    overview: tiles.length === 0 ? null : await save('overview.png', await overviewOf(tiles)),
    page: await save('index.html', contactPage(campaign, drawn)),
    missing: null,
    cards,
  };
}
