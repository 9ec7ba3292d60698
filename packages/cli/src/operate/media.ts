/** Whether cards pass from the renderer to the image host and on to the printer. */
import {
  fittingMedia,
  takesMedia,
  type ImageHost,
  type Printer,
  type Renderer,
} from '@postrider/core/ports';
import { isGroup, type CampaignDraft, type Problem } from '@postrider/runner/campaign-file';

/** What the renderer makes must be taken by the image host, and then by the printer. */
export function misfits(
  renderer: Renderer,
  host: ImageHost,
  printer: Printer | null,
  draft: CampaignDraft,
): Problem[] {
  const kindOf = (field: string): string => {
    const entry = draft.raw[field];
    return isGroup(entry) ? String(entry['kind']) : field;
  };
  const problem = (field: string, taken: readonly string[], made: string): Problem =>
    draft.problem(
      `${field}.kind`,
      `${kindOf(field)} takes ${taken.join(', ')}, ` +
        `and the renderer ${kindOf('renderer')} makes ${made}: ` +
        `choose another ${field}, or another renderer`,
    );
  const media = fittingMedia(renderer.makes, host.takes);
  if (media === null) return [problem('image_host', host.takes, renderer.makes.join(', '))];
  return printer === null || takesMedia(printer.takes, media)
    ? []
    : [problem('printer', printer.takes, media)];
}
