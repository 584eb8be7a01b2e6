/** The ports that the environment names, or the usual ones. */
export const port = portFrom('PORT', 3000);
export const backendPort = portFrom('BACKEND_PORT', 5801);

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
