/** `preview`: one card as pictures, before anything is printed. */
import type { Command } from 'commander';
import { command, flag, number, text, wholeNumber, type Act } from '../program/command.ts';

export function previews(program: Command, act: Act): void {
  command(
    program,
    'preview',
    'Front and back of one card as PNG, as it would be printed: ' +
      'of a row of the list, or of somebody who is known already. ' +
      'What would keep it from the press is told, and it is drawn all the same.',
    [
      'postrider preview bakery-welcome --out .',
      'postrider preview bakery-welcome --row 17 --guides --out /tmp',
    ],
  )
    .argument('<campaign>', 'by name, by organization/name, or by id')
    .requiredOption('--out <dir>', 'where the pictures go')
    .option(
      '--row <n>',
      'a row of the list, as its reports count; the first that can be used unless told',
      wholeNumber(1),
    )
    .option('--who <who>', 'somebody known already: an e-mail, customer id, reference or id')
    .option('--guides', 'draw trim, safe area and the ink-free box')
    .option(
      '--width <pixels>',
      '1250 unless told; 1875 is 300 dpi for a 4x6',
      wholeNumber(100, 8000),
    )
    .action(
      act(async (cli, [campaign = ''], options) => {
        const { previewCard } = await import('../operate/preview.ts');
        await previewCard(cli, campaign, {
          out: text(options['out']) ?? '.',
          row: number(options['row']) ?? null,
          who: text(options['who']) ?? null,
          guides: flag(options['guides']),
          width: number(options['width']) ?? 1250,
        });
      }),
    );
}
