/** The options of the NDJSON audience. */
import { fileAudienceOptions } from '../kit/people/options.ts';

export const ndjsonOptions = fileAudienceOptions;
