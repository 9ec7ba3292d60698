/** Rows that look wrong, odd or dangerous and must get their card all the same. */
import { unitOf, type Place } from './addresses.ts';
import { placeOf, type Kind, type Planned, type Row, type Workbench } from './rows.ts';

function received(row: Row): Planned {
  return { row, ends: 'received' };
}

/**
 * One row for each of the variants, which overwrite fields of a customer at an ordinary address; a
 * changed address must not be held back.
 */
function variants(kind: string, changes: readonly Partial<Row>[]): Kind {
  return {
    kind,
    count: changes.length,
    needs: 0,
    make: (bench, nth) => {
      const { address2 } = changes[nth] ?? {};
      const home = bench.place(
        (place) => address2 === undefined || !bench.isHeldBack({ ...place, address2 }),
      );
      return received({ ...bench.customer(home), ...changes[nth] });
    },
  };
}

function names(pairs: readonly (readonly [string, string])[]): Partial<Row>[] {
  return pairs.map(([first_name, last_name]) => ({ first_name, last_name }));
}

/** Places of another sort than street addresses; `n` makes them unique. */
function places(kind: string, addresses: readonly ((n: number) => Place)[]): Kind {
  return {
    kind,
    count: addresses.length,
    needs: 0,
    make: (bench, nth) =>
      received(bench.customer(bench.ownPlace(addresses[nth] as (n: number) => Place))),
  };
}

function place(
  address1: string,
  address2: string,
  city: string,
  state: string,
  zip: string,
): Place {
  return {
    address1,
    address2,
    city,
    state,
    zip,
  };
}

// 41 letters each: in the first name, in the last name, and in both together.
const LONG_NAMES = [
  ['Maximilianaphilippinawilhelminajosephines', 'Ott'],
  ['Ada', 'Silverbrookhollowmeadowfernwaterstonesmit'],
  ['Anneliese Philippa', 'Featherwell Stonebridge Lind'],
] as const;

export const MAILED: readonly Kind[] = [
  variants('long_name', names(LONG_NAMES)),
  variants(
    'accents',
    names([
      ['Łucja', 'Żurawińska'],
      ['İpek', 'Çağlayan'],
      ['Đurđa', 'Šimčić'],
      ['Þóra', 'Guðbrandsdóttir'],
      ['Nguyệt', 'Trương'],
      ['Mārīte', 'Bērziņkalne'],
      ['Jiřina', 'Dvořáčková'],
      ['Iñaki', 'Peñalba'],
      ['Gülşen', 'Öztoprak'],
      ['Ørjan', 'Bjørnæs'],
      ['Ștefania', 'Țurcanu'],
      ['Władysław', 'Ćwiąkała'],
    ]),
  ),
  // The same letters, written as letter and combining mark: two texts for a program, one name for a
  // reader.
  variants(
    'accents_decomposed',
    names([
      ['José', 'Muñiz'].map((name) => name.normalize('NFD')) as [string, string],
      ['Chloé'.normalize('NFD'), 'Bright'],
    ]),
  ),
  variants(
    'ligatures',
    names([
      ['Fiona', 'Pfister-Offley'],
      ['Raffi', 'Griffon'],
      ['Ffion', 'Fjellfisk'],
      ['Œnone', 'Æbelø'],
      ['Jörg', 'Weißfloß'],
      ['ﬁlippa', 'Saﬂor'],
    ]),
  ),
  variants(
    'typst_code',
    names([
      ['#panic("x")', 'Baker'],
      ['*bold* _it_', 'Miller'],
      ['$x$', 'Cook'],
      ['[#sys.version]', 'Pastry'],
      ['`raw` @label', 'Crumb'],
      ['\\u{41} \\', 'Flour'],
      ['// gone', 'Oven'],
      ['Jo--Ann...', "'Rolls'"],
    ]),
  ),
  variants('typst_code_elsewhere', [
    { favorite: '#read("/etc/hostname")' },
    { favorite: '"); #panic(' },
    { address2: '*Rear* #2 [b]' },
    { favorite: '= Heading' },
  ]),
  variants('formula', [
    { first_name: "=cmd|' /C calc'!A0", last_name: 'Sheets' },
    { first_name: '+1', last_name: 'Plus' },
    { first_name: '@SUM(1)', last_name: 'Total' },
    { first_name: '-2+3', last_name: 'Minus' },
    { address2: '+2nd Floor' },
    { address2: '@ The Mill' },
  ]),
  variants('quotes', [
    { first_name: 'Mary "Mae"', last_name: "O'Brine" },
    { first_name: 'Dee', last_name: 'D’Ambra' },
    { address2: '"The Mill"' },
  ]),
  variants('commas', [
    { last_name: 'Rivermont, Jr.' },
    { address2: 'Bldg 4, Floor 2' },
    { favorite: 'rye, spelt, and more' },
  ]),
  variants('many_lines', [{ favorite: 'rye\nwith caraway' }, { favorite: 'one\n\ntwo' }]),
  variants('no_first_name', [{ first_name: '' }, { first_name: '' }, { first_name: '' }]),
  variants(
    'no_name',
    names([
      ['', ''],
      ['', ''],
    ]),
  ),
  // The card does not need the e-mail, so nobody loses it over one.
  variants('bad_email', [{ email: 'n/a' }, { email: 'two@example.com; words' }]),
  variants('no_email', [{ email: '' }, { email: '' }]),
  variants('long_address', [
    { address2: 'Building 14, Second Floor, c/o Riverside Mill' },
    { address2: 'Rear Entrance Behind the Old Granary, No 3' },
  ]),
  {
    kind: 'zip_lost_its_zero',
    count: 8,
    needs: 0,
    make: (bench) => {
      const row = bench.customer(bench.place((home) => home.zip.startsWith('0')));
      return received({ ...row, zip: row.zip.slice(1) });
    },
  },
  {
    kind: 'zip_plus_4',
    count: 8,
    needs: 0,
    make: (bench) => {
      const row = bench.customer(bench.place());
      return received({ ...row, zip: `${row.zip}-${1000 + bench.chance.below(9000)}` });
    },
  },
  places('zip_lost_two_zeros', [
    (n) => place(`${60 + n} Calle de San Sebastián`, '', 'San Juan', 'PR', '901'),
  ]),
  places('po_box', [
    (n) => place(`PO BOX ${1200 + n}`, '', 'Montgomery', 'AL', '36101'),
    (n) => place(`P.O. Box ${70 + n}`, '', 'Anchorage', 'AK', '99510'),
    (n) => place(`PO Box ${9000 + n}`, '', 'Boston', 'MA', '02114'),
  ]),
  places('military', [
    (n) => place(`PSC 476 Box ${1100 + n}`, '', 'FPO', 'AP', '96322'),
    (n) => place(`CMR 415 Box ${3300 + n}`, '', 'APO', 'AE', '09114'),
    (n) => place(`Unit 15204 Box ${2200 + n}`, '', 'APO', 'AP', '96271'),
    (n) => place(`PSC 1005 Box ${40 + n}`, '', 'FPO', 'AE', '09593'),
  ]),
  places('puerto_rico', [
    (n) => place(`${150 + n} Calle de la Luna`, '', 'San Juan', 'PR', '00901'),
    (n) => place('URB Las Gladiolas', `${150 + n} Calle A`, 'San Juan', 'PR', '00926'),
    (n) => place(`HC 2 Box ${7700 + n}`, '', 'Humacao', 'PR', '00791'),
    (n) => place(`${20 + n} Calle Peñón`, 'Apt 3B', 'Mayagüez', 'PR', '00680'),
  ]),
  // Neighbours, namesakes and lookalikes: near to somebody else, and yet not them.
  {
    kind: 'neighbor_in_another_unit',
    count: 6,
    needs: 1,
    make: (bench) => {
      const beside = placeOf(
        bench.earlier('ordinary', (row) => unitOf(placeOf(row)) !== undefined),
      );
      return received(
        bench.customer(
          bench.ownPlace((n) => ({ ...beside, address2: `Apt ${unitOf(beside)}${n}` })),
        ),
      );
    },
  },
  {
    kind: 'same_street_other_zip',
    count: 3,
    needs: 1,
    make: (bench) => {
      const like = placeOf(bench.earlier('ordinary'));
      const elsewhere = bench.place();
      return received(
        bench.customer(
          bench.ownPlace((n) => ({
            ...elsewhere,
            address1: like.address1,
            address2: n === 1 ? '' : `Apt ${n}`,
          })),
        ),
      );
    },
  },
  {
    kind: 'namesake',
    count: 4,
    needs: 1,
    make: (bench) => {
      const { first_name, last_name } = bench.earlier('ordinary');
      return received({ ...bench.customer(bench.place()), first_name, last_name });
    },
  },
  {
    kind: 'email_with_a_tag',
    count: 3,
    needs: 1,
    make: (bench) =>
      received({
        ...bench.customer(bench.place()),
        email: bench.earlier('ordinary').email.replace('@', '+bakery@'),
      }),
  },
  {
    kind: 'beside_a_suppressed_unit',
    count: 4,
    needs: 0,
    make: (bench) => {
      const home = bench.place((where) => unitOf(where) !== undefined);
      bench.suppress({
        place: { ...home, address2: `Apt ${unitOf(home)}9` },
        reason: 'asked by letter',
      });
      return received(bench.customer(home));
    },
  },
  {
    kind: 'corrected_further_down',
    count: 2,
    needs: 2,
    make: (bench) => ({
      // The first attempt was turned away as a whole, so its e-mail takes nobody's place.
      row: correction(bench),
      ends: 'received',
    }),
  },
];

function correction(bench: Workbench): Row {
  const broken = bench.earlier('bad_zip_letters');
  return {
    ...bench.customer(bench.place()),
    email: broken.email,
    first_name: broken.first_name,
    last_name: broken.last_name,
  };
}
