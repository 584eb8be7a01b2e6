import { DatabaseError } from './data-file.js';
import { backendPort } from './environment.js';

/** What to do about a start that failed; undefined for an unexpected error. */
export function startProblem(error: unknown): string | undefined {
  if (error instanceof DatabaseError) return error.message;
  if (!isPortInUse(error)) return undefined;
  const variable = error.port === backendPort ? 'BACKEND_PORT' : 'PORT';
  return `Port ${error.port} is in use: stop what listens there, or set ${variable} to another one.`;
}

function isPortInUse(error: unknown): error is { readonly port: number } {
  return (
    error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  );
}
