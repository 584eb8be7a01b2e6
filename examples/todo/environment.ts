/** The settings from the environment, or the usual ones. */
export const port = portFrom('PORT', 3000);
/** `0.0.0.0` lets devices of the local network connect. */
export const host = process.env.HOST ?? '127.0.0.1';
export const backendPort = portFrom('BACKEND_PORT', 5801);
export const backendKey = process.env.BACKEND_KEY ?? 'swordfish';
/** Whether the key was given: then it is secret, and is printed nowhere. */
export const hasOwnKey = process.env.BACKEND_KEY !== undefined;
/** The URL of a PostgreSQL server; without one, the tasks are in the file. */
export const databaseUrl = process.env.DATABASE_URL;
export const dataFile = process.env.DATA_FILE ?? 'data/todo.sqlite';

function portFrom(variable: string, usual: number): number {
  const given = process.env[variable];
  if (given === undefined) return usual;
  const number = Number(given);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) {
    return number;
  }
  console.error(
    `${variable} must be a number from 1 to 65535, not "${given}".`,
  );
  process.exit(1);
}
