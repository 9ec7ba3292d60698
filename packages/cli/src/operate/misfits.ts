/**
 * What a campaign file asks for and its adapters cannot make: each at its field, with what the
 * renderer can and what the printer can.
 */
import { knownProviders, type Provider } from '@postrider/adapters';
import { didYouMean } from '@postrider/core/ports/near';
import { misfits, type CardAbilities, type Misfit } from '@postrider/core/ports';
import { isGroup } from '@postrider/runner/integrations';
import type { Problem } from '@postrider/runner/yaml-file';
import type { CampaignDraft } from '../campaign-file/read.ts';

/**
 * `made`: of its adapters those that could be made. Of the others, and of one that lists nothing
 * itself, what their provider lists counts.
 */
export function misfitProblems(draft: CampaignDraft, made: CardAbilities): Problem[] {
  const { format, mail_class: mailClass } = draft.raw;
  const [renderer, printer] = [providerOf(draft, 'renderer'), providerOf(draft, 'printer')];
  const { imageHost = null } = made;
  return misfits(
    { format: textOf(format), mailClass: textOf(mailClass) },
    {
      renderer: {
        makes: made.renderer?.makes,
        formats: made.renderer?.formats ?? renderer?.formats,
      },
      imageHost,
      printer: {
        takes: made.printer?.takes,
        formats: made.printer?.formats ?? printer?.formats,
        mailClasses: made.printer?.mailClasses ?? printer?.mailClasses,
      },
    },
  ).map((misfit) => {
    if (misfit.what === 'media') return mediaProblem(misfit, draft);
    return misfit.what === 'format'
      ? formatProblem(misfit, draft)
      : mailClassProblem(misfit, draft);
  });
}

type Of<What extends Misfit['what']> = Extract<Misfit, { readonly what: What }>;

function mediaProblem({ port, made, taken }: Of<'media'>, draft: CampaignDraft): Problem {
  const field = port === 'printer' ? 'printer' : 'image_host';
  return draft.problem(
    `${field}.kind`,
    `${kindOf(draft, field)} takes ${taken.join(', ')}, ` +
      `and the renderer ${kindOf(draft, 'renderer')} makes ${made.join(', ')}: ` +
      `choose another ${field}, or another renderer`,
  );
}

function formatProblem({ format, set, printed }: Of<'format'>, draft: CampaignDraft): Problem {
  const both = (set ?? printed ?? []).filter((one) => printed?.includes(one) ?? true);
  const advice =
    both.length === 0
      ? 'choose another printer, or another renderer'
      : (didYouMean(format, both) ?? `choose ${both.join(' or ')}`);
  return draft.problem(
    'format',
    `no card can be ${format}: ${named(draft, 'renderer')} sets ${set?.join(', ') ?? 'any'}, ` +
      `and ${named(draft, 'printer')} prints ${printed?.join(', ') ?? 'any'}; ${advice}`,
  );
}

function mailClassProblem({ mailClass, offered }: Of<'mailClass'>, draft: CampaignDraft): Problem {
  const advice =
    didYouMean(mailClass, offered) ?? `choose ${offered.join(' or ')}, or another printer`;
  return draft.problem(
    'mail_class',
    `${named(draft, 'printer')} offers ${offered.join(', ')}, ` + `and not ${mailClass}; ${advice}`,
  );
}

/** Null where the file names none. */
function kindOf(draft: CampaignDraft, field: string): string | null {
  const entry = draft.raw[field];
  return isGroup(entry) ? (textOf(entry['kind']) ?? null) : null;
}

/** Such as `the printer print-shop`. */
function named(draft: CampaignDraft, field: 'renderer' | 'printer'): string {
  return ['the', field, kindOf(draft, field) ?? []].flat().join(' ');
}

function providerOf(draft: CampaignDraft, field: string): Provider | undefined {
  return knownProviders().find(({ kind }) => kind === kindOf(draft, field));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
