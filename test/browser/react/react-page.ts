import type { ReactName, ReactStage } from './react-stage.js';
import type { ReactWindow } from './react-window.js';

/** What the tests of one version of React share. */
export interface ReactPage {
  readonly name: ReactName;
  readonly stage: ReactStage;
  /** A window whose page is new for each test: its list is live, and has four rows. */
  readonly window: ReactWindow;
}
