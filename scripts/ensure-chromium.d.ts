export function findChromium(
  environment?: NodeJS.ProcessEnv,
  usualPlaces?: readonly string[],
): string | undefined;

/** @throws Error that says what to do, when there is none and cannot be. */
export function ensureChromium(
  environment?: NodeJS.ProcessEnv,
  usualPlaces?: readonly string[],
  root?: boolean,
): string;
