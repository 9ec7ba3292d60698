/** Words of yes and no, as lists have them in a column that says whether somebody has opted out. */
const yes = /^(?:yes|y|true|t|1|1\.0+|x|✓|✔|on|checked|ja|j|wahr|oui|vrai|s[ií]|verdadero)$/i;
const no =
  /^(?:no|n|false|f|0|0\.0+|off|unchecked|nein|falsch|non|faux|falso|0000-00-00(?: 00:00:00)?)$/i;
const consented = /^(?:re)?(?:subscribed|active|opted[ _-]?in|opt[ _-]?in|confirmed|granted)$/i;
const refused =
  /^(?:unsubscribed|opted[ _-]?out|opt[ _-]?out|denied|declined|refused|revoked|withdrawn)$/i;

export function saysYes(cell: string): boolean {
  return yes.test(cell.trim());
}

export function saysNo(cell: string): boolean {
  return no.test(cell.trim());
}

/** `subscribed`, `granted` and the like. */
export function saysConsent(cell: string): boolean {
  return consented.test(cell.trim());
}

/** `opted out`, `denied` and the like. */
export function saysRefusal(cell: string): boolean {
  return refused.test(cell.trim());
}
