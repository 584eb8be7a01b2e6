import { APPLICATION_ERRORS } from './application-errors.js';
import { BUNDLED_ERRORS } from './bundled-errors.js';
import { CONNECTION_ERRORS } from './connection-errors.js';
import { PARAMS_ERRORS } from './params-errors.js';
import { SERVICE_ERRORS } from './service-errors.js';

/**
 * All errors of a set-up, by their stable code. Each sentence says what to do.
 */
export const SETUP_ERRORS = {
  ...APPLICATION_ERRORS,
  ...SERVICE_ERRORS,
  ...PARAMS_ERRORS,
  ...CONNECTION_ERRORS,
  ...BUNDLED_ERRORS,
} as const;

type SetupErrors = typeof SETUP_ERRORS;

/** The stable code of a set-up error. */
export type SetupErrorCode = keyof SetupErrors;

/**
 * The application is put together in a way that cannot be meant. Thrown at the
 * start, never later.
 */
export class SnorkySetupError extends Error {
  constructor(
    readonly code: SetupErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'SnorkySetupError';
  }
}

/** @internal */
export function setupError<Code extends SetupErrorCode>(
  code: Code,
  ...details: Parameters<SetupErrors[Code]>
): SnorkySetupError {
  const describe = SETUP_ERRORS[code] as (...details: unknown[]) => string;
  return new SnorkySetupError(code, describe(...details));
}
