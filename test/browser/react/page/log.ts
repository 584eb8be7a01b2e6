/** What was drawn since somebody has looked. */
let drawn: string[] = [];

/** Notes that something was drawn. */
export function log(what: string): void {
  drawn.push(what);
}

/** What was drawn, from the first to the last. The next look begins after it. */
export function takeLog(): readonly string[] {
  const taken = drawn;
  drawn = [];
  return taken;
}

/** What was drawn, for somebody who waits for it. */
export function peekLog(): readonly string[] {
  return drawn;
}
