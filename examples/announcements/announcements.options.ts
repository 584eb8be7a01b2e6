export const ANNOUNCEMENTS_OPTIONS = Symbol('announcements:options');

/** What the page says about how announcements are made. */
export interface AnnouncementsOptions {
  readonly backendPort: number;
}
