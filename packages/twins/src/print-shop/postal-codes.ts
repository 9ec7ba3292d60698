/** Countries whose post has no postal codes, or needs none on a letter, as this shop knows them. */
const codes = `
  AD AE AF AG AI AL AM AO AQ AR AW AZ BA BB BD BF BG BH BI BJ BM BN BO BQ BS BT BV BW BY BZ CC
  CD CF CG CI CK CL CM CO CR CU CV CW CX CY DJ DM DO DZ EC EG EH ER ET FJ FO GA GD GE GH GI GM
  GN GQ GT GW GY HK HM HN HR HT ID IE IL IQ IR IS JM JO KE KG KH KI KM KN KP KW KY KZ LA LB LC
  LK LR LS LY MA MC MD ME MG MK ML MM MN MO MR MS MT MU MV MW MZ NA NE NF NG NI NP NR NU OM PA
  PE PG PH PK PS PY QA RS RW SA SB SC SD SI SL SN SO SR SS ST SV SX SY SZ TD TF TG TH TJ TK TL
  TM TN TO TT TV TZ UG UM UY UZ VA VC VE VG VN VU WS XK YE ZM ZW`;

export const withoutPostalCodes: ReadonlySet<string> = new Set(codes.trim().split(/\s+/));
