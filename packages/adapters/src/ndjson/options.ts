import { fileAudienceOptions } from '../kit/people/options.ts';

export const ndjsonOptions = fileAudienceOptions;
