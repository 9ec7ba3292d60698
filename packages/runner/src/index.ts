/** @postrider/runner: the command line, and the parts of it that another program may want. */
export { readCampaignFile, type CampaignFile } from './config/campaign-file.ts';
export { openProject, type Project } from './config/project.ts';
export { ConfigurationError } from './config/yaml-file.ts';
export { createApp, startHttp, type HttpOptions, type RunningHttp } from './http/server.ts';
export { createIntegrations } from './wiring/integrations.ts';
