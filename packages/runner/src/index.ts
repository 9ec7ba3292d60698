/** @postrider/runner: a long-running process around a pipeline, and the parts it is made of. */
export { openProject, type Project } from './config/project.ts';
export { ConfigurationError } from './config/yaml-file.ts';
export { startHttp, type HttpOptions, type RunningHttp } from './http/server.ts';
export { run, type RunHooks, type RunHost, type RunOptions } from './run/run.ts';
export { createIntegrations } from './wiring/integrations.ts';
