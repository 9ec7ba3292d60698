/** Campaign files, for those who apply one. */
export { returnAddressOf } from './campaign-definition.ts';
export {
  readCampaignDraft,
  readCampaignFile,
  type CampaignDraft,
  type CampaignFile,
} from './campaign-file.ts';
export { campaignWarnings } from './campaign-warnings.ts';
export { isGroup } from './group.ts';
export { ConfigurationError, inOrder, type Problem } from './yaml-file.ts';
