/** The program around the runner: where it works, and whom it tells. */
import type { Project } from '../config/project.ts';

export interface Host {
  readonly out: {
    /** Something that people should know. */
    note(text: string): void;
    /** Something for those who want to know more. */
    detail(text: string): void;
  };
  /** The project directory, opened when it is first asked for. */
  project(): Promise<Project>;
}
