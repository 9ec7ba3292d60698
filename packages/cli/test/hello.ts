/**
 * The campaign `hello` of a folder: its list with a double and an opt-out, its template, its file.
 */
import type { LaunchPreview } from '@postrider/core';
import type { ContactSheet } from '../src/operate/contact-sheet.ts';

export interface Told {
  readonly status: string;
  readonly preview: LaunchPreview;
  readonly sheet: ContactSheet | null;
}

export function template(faulty: string): string {
  return `#import "postrider.typ": *
#let front(card) = place(center + horizon, fit(300pt, "Hello " + card.at("firstName", default: "")))
#let back(card) = {
  place(top + left, dx: 30pt, dy: 30pt, block(width: 150pt)[#card.at("code", default: "")])
  ${faulty}address-block(card)
}
`;
}

export const rows = [
  'customer_id,email,first_name,last_name,address,city,state,zip,code',
  '1,ada@example.com,Ada,Byron,12 Elm Street,Boston,MA,02138,HELLO-1',
  '2,grace@example.com,Grace,"Murray & ""Sons""",7 Oak Road,Austin,TX,78701,HELLO-2',
  '3,zoe@example.com,Zoë,Núñez,9 Ash Lane,Austin,TX,78701,HELLO-3',
  '4,ada2@example.com,Ada,Byron,12 Elm St,Boston,MA,02138,HELLO-4',
  '5,out@example.com,Olga,Out,3 Birch Road,Austin,TX,78701,HELLO-5',
];

export function campaignFile(more: string): string {
  return `name: hello
organization: My Shop
mode: one_off
segment: people
audience: { kind: csv, path: people.csv }
renderer: { kind: typst, template: card.typ }
format: 4x6
image_host: { kind: folder }
printer: { kind: print-shop, name: press }
mail_class: first_class
${more}`;
}
