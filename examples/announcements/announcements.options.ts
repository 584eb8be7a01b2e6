export const ANNOUNCEMENTS_OPTIONS = Symbol('announcements:options');

/** How the page says that announcements are made. */
export interface AnnouncementsOptions {
  readonly backendPort: number;
}
