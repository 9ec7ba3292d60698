/**
 * What a campaign asks for and its own adapters cannot make. Found out before a card is rendered,
 * since a printer that refuses each card by itself would make one error for each person.
 */
import type { ImageHost } from './image-host.ts';
import { fittingMedia, takesMedia, type MediaType } from './media.ts';
import type { Printer } from './printer.ts';
import type { Renderer } from './renderer.ts';

/** What a campaign asks for. What is not known yet is not looked at. */
export interface CardRequirements {
  readonly format?: string | undefined;
  readonly mailClass?: string | undefined;
}

/** What its adapters can. What is not known is not looked at. */
export interface CardAbilities {
  readonly renderer?: Some<Pick<Renderer, 'makes' | 'formats'>> | null;
  readonly imageHost?: Some<Pick<ImageHost, 'takes'>> | null;
  readonly printer?: Some<Pick<Printer, 'takes' | 'formats' | 'mailClasses'>> | null;
}

type Some<Abilities> = { readonly [Name in keyof Abilities]?: Abilities[Name] | undefined };

export type Misfit =
  /** What the renderer makes is not taken by the image host, or by the printer after it. */
  | {
      readonly what: 'media';
      readonly port: 'imageHost' | 'printer';
      readonly made: readonly MediaType[];
      readonly taken: readonly MediaType[];
      /** In a sentence, like that of the others. */
      readonly message: string;
    }
  /** The renderer does not set it, or the printer does not print it. Null: any. */
  | {
      readonly what: 'format';
      readonly format: string;
      readonly set: readonly string[] | null;
      readonly printed: readonly string[] | null;
      readonly message: string;
    }
  | {
      readonly what: 'mailClass';
      readonly mailClass: string;
      readonly offered: readonly string[];
      readonly message: string;
    };

/** All that does not fit; nothing where cards pass from the renderer to the letterbox. */
export function misfits(
  { format, mailClass }: CardRequirements,
  { renderer, imageHost, printer }: CardAbilities,
): readonly Misfit[] {
  return [
    ...mediaMisfits(renderer?.makes, imageHost?.takes, printer?.takes),
    ...formatMisfits(format, renderer?.formats ?? null, printer?.formats ?? null),
    ...mailClassMisfits(mailClass, printer?.mailClasses ?? null),
  ];
}

type Media = readonly MediaType[] | undefined;

function mediaMisfits(made: Media, storable: Media, printable: Media): Misfit[] {
  if (made === undefined || storable === undefined) return [];
  const media = fittingMedia(made, storable);
  if (media === null) return [mediaMisfit('imageHost', made, storable)];
  // The very type that will be made.
  return printable === undefined || takesMedia(printable, media)
    ? []
    : [mediaMisfit('printer', [media], printable)];
}

function mediaMisfit(
  port: 'imageHost' | 'printer',
  made: readonly MediaType[],
  taken: readonly MediaType[],
): Misfit {
  const who = port === 'printer' ? 'printer' : 'image host';
  const message = `the renderer makes ${made.join(', ')}, and the ${who} takes ` + taken.join(', ');
  return { what: 'media', port, made, taken, message };
}

function formatMisfits(format: string | undefined, set: Listed, printed: Listed): Misfit[] {
  if (format === undefined || (lists(set, format) && lists(printed, format))) return [];
  const message =
    `the format is ${format}, the renderer sets ${set?.join(', ') ?? 'any'} ` +
    `and the printer prints ${printed?.join(', ') ?? 'any'}`;
  return [{ what: 'format', format, set, printed, message }];
}

function mailClassMisfits(mailClass: string | undefined, offered: Listed): Misfit[] {
  if (mailClass === undefined || offered === null || offered.includes(mailClass)) return [];
  const message = `the mail class is ${mailClass}, and the printer offers ${offered.join(', ')}`;
  return [{ what: 'mailClass', mailClass, offered, message }];
}

/** Null: any. */
type Listed = readonly string[] | null;

function lists(listed: Listed, one: string): boolean {
  return listed === null || listed.includes(one);
}
