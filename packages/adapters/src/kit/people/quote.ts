/** At most 40 characters of a value, with what cannot be seen made visible. */
export function quote(value: string): string {
  const points = [...value];
  const text = JSON.stringify(points.slice(0, 40).join('')).replace(
    /[\u007F-\u00A0\u00AD\u200B-\u200F\u2028-\u202F\u2060-\u2069\uFEFF\uFFFD]/g,
    (c) => (c === '\uFFFD' ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
  return points.length > 40 ? `${text}…` : text;
}
