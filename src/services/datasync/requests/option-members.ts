/**
 * Refuses unknown members. These options narrow what is authorized or taken
 * back. A misspelt one would silently not narrow it.
 *
 * @param who Begins the message.
 * @throws TypeError naming the first unknown member.
 */
export function checkMembers(
  options: unknown,
  members: readonly string[],
  who: string,
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${who} takes its options as an object.`);
  }
  for (const name of Object.keys(options)) {
    if (members.includes(name)) continue;
    const known = members.map((member) => `\`${member}\``).join(', ');
    throw new TypeError(
      `${who} was given ${JSON.stringify(name.slice(0, 50))}, which it does not know. It knows ${known}.`,
    );
  }
}
