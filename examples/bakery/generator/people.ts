/**
 * Made-up people. First and last names are drawn apart from each other, so that the result is
 * nobody in particular.
 */
import type { Chance } from './random.ts';

const FIRST = `
Abigail Adaeze Aisha Alejandro Amara Amélie Anders Anjali Annika Arjun Astrid Beatriz Ben Björn
Camila Carlos Caroline Chidi Chloe Clara Daniela Darnell David Deepa Diego Dmitri Ebony Eilidh
Elena Eli Élodie Emeka Emma Esteban Fatima Femi Filip Fiona Francesca Gabriela Grace Greta Gunnar
Hana Hannah Hassan Hiroshi Hugo Ibrahim Imani Inês Ingrid Isabel Ivan Jamal James Jana Javier
Joana Joaquín João Jorge Joy Kateřina Keiko Kenji Khalid Kofi Kwame Lakshmi Leila Leon Liam Lina
Lucía Łukasz Mai Malik Marek Maren Margaret Mariana Mateo Maya Mei Mia Michael Mila Minh Mohamed
Nadia Naomi Nia Nils Noor Oksana Oliver Olivia Omar Orla Oscar Paolo Patience Pedro Petra Priya
Quinn Rafael Rania Ravi Rebecca René Rosa Ruth Sakura Samuel Sana Sarah Sean Serena Siobhán Sofía
Sunita Svetlana Tamar Tariq Thandiwe Thomas Thu Tomás Uchenna Valentina Vera Vikram Wanjiru Wei
Xavier Yara Yasmin Yusuf Zanele Zoë Zofia
`;

const LAST = `
Abara Achterberg Adeyemi Aguilar Alder Alvarez Amsel Andersson Aoki Ashdown Baptiste Barros Becker
Beaumont Bergström Bhatt Blackwood Boateng Bondarenko Brandão Brook Byrne Calloway Carvalho
Castillo Chaudhry Cho Clement Cohen Cordero Costa Dahl Danjuma Delacroix Demir Desai Dietrich
Dlamini Doyle Dubois Duarte Eklund Ellison Engel Eriksen Espinoza Fairweather Farouk Fernández
Ferreira Fischer Fitzroy Flores Fontaine Fujita Galloway García Gebre Ghosh Greene Grünwald
Guerrero Haddad Halloran Hansen Hartley Hashimoto Hernández Hoang Holloway Horváth Ibáñez Idowu
Iglesias Ivanova Jansen Jaramillo Jensen Kamau Kapoor Karlsen Kaya Keller Khan Kim Kimura Kovács
Kowalczyk Kramer Lambert Larsen Laurent Le Lindqvist Lombardi Lopes Lowell Mahmoud Maldonado
Marchetti Marlowe Mbeki Mendoza Meyer Miyazawa Moreau Morgenstern Mukherjee Müller Nakamura Nasser
Navarro Ngugi Nguyễn Nkosi Nørgaard Novák Núñez Oakes Obi Okafor Okonkwo Olsen Ortega Osei Özdemir
Palmer Park Patel Peralta Petrov Pham Quintero Rahman Ramos Reyes Ribeiro Rinaldi Rojas Rosenthal
Rossi Sandoval Sato Schäfer Serrano Shah Silva Singh Sokolov Solberg Sørensen Suárez Svoboda
Takahashi Tanaka Teixeira Thorne Tran Tremblay Vasquez Villanueva Vogel Voss Wainwright Wallace
Whitaker Winterbourne Wójcik Wolff Yamada Yang Yilmaz Zhang Zimmermann
`;

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

export interface Person {
  first: string;
  last: string;
}

const first = words(FIRST);
const last = words(LAST);

export function person(chance: Chance): Person {
  return { first: chance.pick(first), last: chance.pick(last) };
}

/** Sure to be nobody's: the example domains are reserved. `serial` keeps it unique. */
export function emailOf(chance: Chance, who: Person, serial: number): string {
  const plain = (text: string): string =>
    text
      .normalize('NFD')
      .toLowerCase()
      .replace(/ø/g, 'o')
      .replace(/ł/g, 'l')
      .replace(/[^a-z]/g, '');
  const name = chance.pick([
    `${plain(who.first)}.${plain(who.last)}`,
    `${plain(who.first)}${plain(who.last)}`,
    `${plain(who.last)}.${plain(who.first)}`,
  ]);
  const local = name.replace(/^\.|\.$/g, '') || 'customer';
  return `${local}${serial}@example.${chance.pick(['com', 'com', 'com', 'org', 'net'])}`;
}

const FAVORITES = [
  'sourdough',
  'cardamom knots',
  'rye with caraway',
  'butter croissant',
  'lemon tart',
  'challah',
  'cinnamon roll',
  'olive fougasse',
  'pão de queijo',
  'apple strudel',
  'pan dulce',
  'blueberry scone',
];

export function favorite(chance: Chance): string {
  return chance.pick(FAVORITES);
}

// No vowels, so that no code spells a word; none of the letters and digits that look like another.
const CODE_LETTERS = 'BCDFGHJKMNPQRTVWXY346789';

export function promoCode(chance: Chance): string {
  return Array.from({ length: 7 }, () => chance.pick([...CODE_LETTERS])).join('');
}
