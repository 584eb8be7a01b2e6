/** Whether callers learn what is wrong with their params. */
export type ValidationErrors = 'expose' | 'hide';
