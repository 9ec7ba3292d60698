/**
 * How the columns of exports are called: of shops, newsletters, CRM and spreadsheets, in English,
 * German, French, Spanish, Italian, Dutch, Portuguese and Polish. Without blanks, case, accents and
 * punctuation; the most trusted first, a code before a name.
 */

/** What a heading may mean of an address. */
export const addressRoles = [
  'line1',
  'line2',
  'line3',
  'line4',
  'houseNumber',
  'city',
  'region',
  'postalCode',
  'postalCodeSuffix',
  'country',
] as const;
export type AddressRole = (typeof addressRoles)[number];

/** What a heading may mean. The last one is a part of an address for which a card has no line. */
export const headingParts = [
  'email',
  'firstName',
  'lastNamePrefix',
  'lastName',
  'name',
  ...addressRoles,
  'other',
] as const;
export type HeadingPart = (typeof headingParts)[number];

export const spellings: Readonly<Record<HeadingPart, string>> = {
  email:
    'email emailaddress mail primaryemail primaryemailaddress useremail useremailaddress email1 ' +
    'emailaddress1 email1value email1address emailvalue emailid personalemail homeemail ' +
    'workemail emailadresse mailadresse emailanschrift courriel adresseemail adressemail ' +
    'adresseelectronique correoelectronico correo correoelectronicoprincipal email2 email2value ' +
    'email2address emailaddress2 email3 email3value email3address emailaddress3 secondaryemail ' +
    'indirizzoemail indirizzodiposta postaelettronica emailadres mailadres enderecodeemail ' +
    'enderecoemail correioeletronico adresemail adresmailowy direcciondecorreoelectronico ' +
    'direcciondecorreo direcciondeemail direccionemail epost epostadress epostadresse',
  firstName:
    'firstname givenname forename first fname namefirst vorname prenom nombre nombredepila nome ' +
    'voornaam primeironome nomeproprio imie fornamn fornavn',
  lastNamePrefix: 'lastnameprefix tussenvoegsel tussenvoegsels voorvoegsel voorvoegsels tussenv',
  lastName:
    'lastname surname familyname last lname namelast nachname familienname zuname nomdefamille ' +
    'nom apellidos apellido cognome achternaam familienaam sobrenome apelido ultimonome nazwisko ' +
    'primerapellido efternamn etternavn',
  name:
    'name fullname namefull recipientname customername contactname displayname completename ' +
    'nomcomplet nombrecompleto nomecompleto nomeecognome nominativo naam volledigenaam ' +
    'imieinazwisko nombreyapellidos nometprenom prenometnom vorundnachname vollstandigername ' +
    'name1',
  line1:
    'line1 addressline1 address1 addr1 addrline1 addresslineone addressone address12 ' +
    'streetaddress1 streetaddressline1 streetline1 addressstreet1 street1 streetaddress ' +
    'addressstreet streetandnumber streetandhousenumber streetroadname street streetname ' +
    'addressline address addr fulladdress strasseundhausnummer strasseundnummer ' +
    'strassehausnummer strassehausnr strasseundhausnr strasseundnr strassenr strasse ' +
    'strassenname adresszeile1 adresszeile adresse1 adresseligne1 lignedadresse1 ligneadresse1 ' +
    'numeroetrue rue anschrift adresse direccion1 lineadedireccion1 calleynumero callenumero ' +
    'calle direccion domicilio indirizzo indirizzo1 viaenumerocivico via straatenhuisnummer ' +
    'straathuisnummer straatennummer straatnaam straat adres adresregel1 adres1 endereco ' +
    'endereco1 morada rua logradouro ulicainumer ulicainumerdomu ulicainrdomu ulica numeroetvoie ' +
    'adressepostale gatuadress gateadresse adress',
  line2:
    'line2 addressline2 address2 addr2 addrline2 addresslinetwo addresstwo streetaddress2 ' +
    'streetaddressline2 streetline2 addressstreet2 street2 supplementaladdress1 ' +
    'supplementaladdress additionaladdress additionaladdress1 additionaladdressline ' +
    'additionaladdressinfo addresssupplement addresscontinued extendedaddress adresszusatz1 ' +
    'adresszusatz adresszeile2 adresse2 adresseligne2 lignedadresse2 ligneadresse2 ' +
    'complementdadresse complementadresse complementdeladresse direccion2 lineadedireccion2 ' +
    'complemento aptsuiteetc aptsuiteunitetc apartmentsuiteetc apartmentsuiteunitetc ' +
    'aptsuiteunit apartmentsuiteunit aptsuite aptunit unitapt apartmentsuite apartmentunit ' +
    'apartmentnumber apartmentno apartment aptnumber aptno apt unitnumber unitno unit ' +
    'suitenumber suiteno suite ste wohnung apartmentsuiteno indirizzo2 adresregel2 adres2 ' +
    'endereco2 morada2 addresscont streetlinetwo linetwo addressii aptsuiteother ' +
    'apartmentsuiteother appartement appt apto complement complement1 ' +
    'additionaladdressline1 strasse2 rue2',
  line3:
    'line3 addressline3 address3 addr3 addrline3 streetaddress3 streetaddressline3 streetline3 ' +
    'street3 supplementaladdress2 additionaladdress2 adresszusatz2 adresszeile3 adresse3 ' +
    'adresseligne3 lignedadresse3 direccion3 complement2 additionaladdressline2 strasse3 rue3',
  line4:
    'line4 addressline4 address4 addr4 streetaddress4 street4 supplementaladdress3 ' +
    'additionaladdress3 adresszusatz3 adresszeile4 adresse4',
  houseNumber:
    'housenumber houseno house hausnummer hausnr huisnummer streetnumber streetno numerodecasa ' +
    'numeroexterior number no nr numero num numerocivico civico huisnr numerdomu nrdomu ' +
    'numerodaporta numerodeporta ncivico nrcivico numciv numext noexterior numexterior ' +
    'nroexterior housenr housenum',
  city:
    'city cityname town citytown towncity cityortown townorcity citysuburb suburbcity ' +
    'citylocality citytownvillagelocality towncityname posttown locality municipality ort ' +
    'wohnort stadt ortschaft ville commune localite ciudad localidad poblacion municipio suburb ' +
    'citta comune localita woonplaats plaats stad cidade localidade miasto miejscowosc ' +
    'gemeente poststed postort by',
  region:
    'statecode provincecode regioncode stateprovincecode stateprovinceregioncode stateregioncode ' +
    'stateabbrev ' +
    'stateidcode statestatecode stateabbreviation stateabbr stateiso state province ' +
    'stateprovince provincestate stateregion regionstate stateorprovince stateprovinceregion ' +
    'provinceregion regionprovince region statecounty countystate statename provincename ' +
    'regionname stateid stateidname statestatename administrativearea bundesland provincia ' +
    'estado estadoprovincia comunidadautonoma st statedisplayname provincie wojewodztwo ' +
    'stateprov provstate stateprovregion stateregionprovince provincestateregion ' +
    'regionstateprovince stprov stateorregion provinceorstate stateprovinceother ' +
    'stateprovother prov bundeslandkanton kanton stateidid',
  postalCode:
    'postalcode zip zipcode postcode zippostalcode postalcodezip zippostcode postcodezip ' +
    'zipcodepostalcode zipcodepostcode postalcodezipcode postalzipcode postalzip zippostal ' +
    'ziporpostalcode postalorzipcode zip5 zipcode5 postal pincode eircode plz postleitzahl ' +
    'codepostal cp codigopostal cap codicepostale codicediavviamentopostale cep kodpocztowy ' +
    'postnr postnummer',
  postalCodeSuffix:
    'postalcodesuffix postalcodeextension zip4 zipcode4 zipplus4 zipcodeplus4 plus4 plus4code ' +
    'zipsuffix zipcodesuffix zipextension zipcodeextension zip4code zipext',
  country:
    'countrycode countryiso countryiso2 countryisocode countryisocode2 countrycodeiso ' +
    'countrycodeiso2 countryregioncode countryidcode countrycountrycode country countryregion ' +
    'countryorregion regioncountry countryname countryregionname countryid countryidname ' +
    'countrycountryname countrydisplayname landercode laendercode landescode land pays codepays ' +
    'pais codigopais landerkennzeichen laenderkennzeichen landkennzeichen lkz paese codicepaese ' +
    'nazione landcode kraj kodkraju landregion nation ctry isocountry isocountrycode countryidid',
  other:
    'county countyname district neighborhood neighbourhood building buildingname buildingnumber ' +
    'bldg floor room pobox postofficebox postbox postfach housename careof streetnumbersuffix ' +
    'streetunit streetdirection streettype streetsuffix boitepostale apartadopostal colonia ' +
    'barrio bairro subpremise etage edificio batiment ruralroute urbanization urbanizacion ' +
    'predir predirectional postdir postdirectional unittype flathousebuildingno housenamenumber ' +
    'subbuilding subbuildingname numerointerior piso puerta escalera portal huisnummertoevoeging ' +
    'citystatezip citystate csz mailbox level toevoeging planta bloque interno scala piano ' +
    'palazzina busnummer andar fracao nrlokalu numerlokalu nrmieszkania numermieszkania escalier ' +
    'residence stockwerk ortsteil name2 name3 attn attention mailstop pmb boxnumber poboxnumber ' +
    'poboxno rr lotnumber flat flatnumber flatno flatnr premise premises doornumber doorno ' +
    'dependentlocality doubledependentlocality block wing flr stair staircase entrance barangay ' +
    'landmark lgh lagenhet lagenhetsnummer hameau lieudit bp zusatz hausnummernzusatz ' +
    'hausnummerzusatz hausnrzusatz wohnungsnr wohnungsnummer turnummer stiege huisletter toev ' +
    'busnr bte depto dpto departamento numint nointerior numinterior nrointerior bloco presso ' +
    'frazione klatka lokal skrytka incareof incareofname careofname coname attentionto ' +
    'attentionline attnto attnline secondaryunit secunit residencehall',
};

/** Of the id at the source. Such a heading stands alone: `Order ID` is the id of something else. */
export const idSpellings =
  'nationbuilderid externalid id customerid profileid recipientid personid contactid memberid ' +
  'subscriberid userid accountid klaviyoid klaviyoprofileid recordid recordidcontact leid euid ' +
  'squarecustomerid leadid externalidentifier externalcustomerid customernumber customerno ' +
  'customercode clientid clientnumber donorid constituentid patronid guestid membernumber ' +
  'supporterid voterid studentid contactkey subscriberkey contactid18 contactnumber hubspotid ' +
  'shopifyid shopifycustomerid salesforceid mauticid civicrmid crmid uuid guid uid kundennummer ' +
  'kundennr kundenid kontaktid mitgliedsnummer numeroclient numerodeclient identifiantclient ' +
  'identifiant idclient idcliente numerodecliente attendeeid buyeruserid entityid nclient ' +
  'nocliente ncliente klantnummer klantnr klantid relatienummer debiteurnummer codicecliente ' +
  'numerocliente codigodocliente codigocliente numerodocliente numerklienta nrklienta idklienta ' +
  'debitorennummer idcustomer vanid respondentid kundnr';

/** Words before a part that say nothing of whose it is. */
export const neutralWords = new Set(
  (
    'address addresses addr default primary main customer contact recipient person member ' +
    'subscriber client personal my your current full adresse partner attributes ' +
    'properties fields traits'
  ).split(' '),
);

/** Words before a part that name one of several addresses of a person. */
export const knownGroups = new Set(
  (
    'billing bill billto invoice invoicing payment shipping ship shipto delivery deliver mailing ' +
    'home work business office company other secondary alternate alternative second permanent ' +
    'residential residence correspondence physical postal legal registered property card ' +
    'rechnungs rechnung liefer lieferung privat geschaft firma facturation livraison domicile ' +
    'facturacion envio 1 2 3 factuur bezorg verzend aflever fatturazione spedizione consegna ' +
    'faturacao faturamento entrega cobranca geschaftlich bureau thuis werk'
  ).split(' '),
);

/** Words before an e-mail by which it is another one of the same person. */
export const ownEmails = new Set(
  'home work other privat secondary second alternate alternative additional 1 2 3 4 5'.split(' '),
);

/**
 * Words before the only e-mail of a list by which it is the person's. Any other is somebody else.
 */
export const personsEmails = new Set([
  ...ownEmails,
  ...(
    'billing bill invoice payment paypal shipping ship delivery mailing business office company ' +
    'private preferred best verified confirmed login registered buyer guest donor patron ' +
    'attendee registrant participant applicant constituent supporter voter resident rechnungs ' +
    'liefer facturation livraison facturacion envio factuur bezorg'
  ).split(' '),
]);

/** Groups that may be written together with the part: `billingcity`, `Lieferadresse`. */
export const gluedGroups =
  'billing shipping mailing delivery rechnungs liefer factuur bezorg verzend aflever'.split(' ');

/** Words before a part by which it is none of a person's postal address. */
export const foreignWords = new Set(
  (
    'email e ip geo geoip web website url mac wallet bitcoin birth born origin issue issuing ' +
    'phone mobile tel telephone fax cell sms bank iban browser language locale currency tax ' +
    'vat event store shop product warehouse vendor supplier return sender from favorite ' +
    'favourite signup optin confirm session visit device login timezone utm lineitem ' +
    'fulfillment order subscription tracking lifecycle workflow lead deal account previous ' +
    'former old status nationality citizenship school employer server memory reply twitter ' +
    'facebook'
  ).split(' '),
);

/** Words that mean many things where something unknown stands before them: `Business Unit`. */
export const weakWords = new Set(
  (
    'number no nr numero num house piso puerta portal unit suite ste st apt room floor building ' +
    'bldg state region land str cp plz ort first last line1 line2 line3 line4 district estado ' +
    'postal statename statecode regioncode regionname stateid locality etage suburb province ' +
    'municipality level mailbox planta toevoeging cap via interno scala piano bloque residence ' +
    'andar name2 name3 numer flat premise premises block wing stair staircase entrance landmark ' +
    'complement complement1 complement2 attention attn zusatz bp rr lokal linetwo appt toev ' +
    'departamento presso depto dpto by'
  ).split(' '),
);
