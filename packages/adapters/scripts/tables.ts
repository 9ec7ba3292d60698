/** Adapters and their options as text: for the docs, and for `--help`. */
import { describeOptions, type DescribedOption } from '../src/kit/options.ts';
import { portFields, portNames, type Provider } from '../src/kit/provider.ts';

const BEGIN = '<!-- Generated from packages/adapters/src/registry.ts by `npm run generate`. -->';
const END = '<!-- End of what is generated. -->';

/** The page, with the part between the marks made anew. Throws where it has no marks. */
export function withTables(page: string, providers: readonly Provider[]): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('the page has no marks of what is generated');
  return page.slice(0, begin + BEGIN.length) + tables(providers) + page.slice(end);
}

function tables(providers: readonly Provider[]): string {
  const kinds = portNames.flatMap((port) =>
    providers
      .filter((provider) => provider[port] !== undefined)
      .map((provider) => [
        `\`${portFields[port]}\``,
        `\`${provider.kind}\``,
        provider.title,
        code(port === 'renderer' || port === 'printer' ? provider.formats : undefined),
        code(port === 'printer' ? provider.mailClasses : undefined),
      ]),
  );
  const options = portNames.flatMap((port) =>
    providers.flatMap((provider) =>
      describeOptions(provider[port]?.options).map((option) => [
        `\`${portFields[port]}\``,
        `\`${provider.kind}\``,
        `\`${option.name}\``,
        unlessTold(option),
        option.description,
      ]),
    ),
  );
  return [
    '',
    table(['port', 'kind', '', 'formats', 'mail classes'], kinds),
    'Their options:',
    table(['port', 'kind', 'option', 'unless told', ''], options),
    '',
  ]
    .join('\n\n')
    .replace(/^\n\n/, '\n')
    .replace(/\n\n$/, '\n');
}

function unlessTold({ required, fallback }: DescribedOption): string {
  if (required) return 'required';
  return fallback === undefined ? '' : `\`${JSON.stringify(fallback).replaceAll('"', '')}\``;
}

function code(words: readonly string[] = []): string {
  return words.map((word) => `\`${word}\``).join(', ');
}

/** A port or a kind that is the same as above is left out. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row, index) => {
    const above = rows[index - 1];
    const samePort = above?.[0] === row[0];
    const sameKind = samePort && above?.[1] === row[1];
    return [samePort ? '' : row[0], sameKind ? '' : row[1], ...row.slice(2)];
  });
  const line = (cells: readonly (string | undefined)[]): string =>
    `|${cells.map((cell = '') => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...shown.map(line)].join('\n');
}

export function kindsFile(providers: readonly Provider[]): string {
  const lines = portNames.map((port) => {
    const kinds = providers.flatMap((one) => (one[port] === undefined ? [] : [`'${one.kind}'`]));
    return `  ${portFields[port]}: [${kinds.join(', ')}],`;
  });
  return [
    '// Generated from registry.ts by `npm run generate`. Do not edit.',
    '',
    '/** The kinds of adapters by port, as a campaign file names both. */',
    'export const kinds: Readonly<Record<string, readonly string[]>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
}
