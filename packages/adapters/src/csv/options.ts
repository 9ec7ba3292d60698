/** The options of the CSV audience. */
import { delimiterOption, fileAudienceOptions } from '../kit/people/options.ts';

export const csvOptions = fileAudienceOptions.extend({
  delimiter: delimiterOption,
});
