/**
 * The longest time that a server may make its clients wait, in milliseconds.
 */
export const LONGEST_WAIT = 300_000;

/** A URL that may be printed: its query and fragment may have secrets. */
export function bareUrl(url: string): string {
  return url.replace(/[?#].*/s, '').slice(0, 200);
}

/** Describes a response in one short line. */
export function whatCame(
  { status, type, redirected, url, headers }: Response,
  text?: string,
): string {
  const from = redirected ? ` at ${bareUrl(url)}` : '';
  const kind = headers.get('Content-Type');
  const what =
    text === undefined
      ? ''
      : `, no JSON but ${kind}: ${JSON.stringify(text.slice(0, 80))}`;
  // A browser shows nothing of some responses: the page has no permission, or
  // asked for that.
  return `it answered ${status || type}${from}${what}`;
}

/** The text of a response; undefined if it is larger than the limit. */
export async function readBounded(
  response: Response,
  limit: number,
): Promise<string | undefined> {
  const reader = response.body?.getReader?.();
  if (!reader) {
    const whole = await response.text();
    return whole.length > limit ? undefined : whole;
  }
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { value } = (await reader.read()) as { readonly value?: Uint8Array };
    if (!value) return text + decoder.decode();
    size += value.length;
    // Giving up aborts the request and the rest of its body.
    if (size > limit) return undefined;
    text += decoder.decode(value, { stream: true });
  }
}

/** Milliseconds that the server asks to wait, up to a bound. */
export function retryAfter({ headers }: Response): number {
  const value = headers.get('Retry-After') as string;
  // The header has seconds, or a date.
  const wait = Number(value) * 1000 || Date.parse(value) - Date.now();
  return Math.min(Math.max(0, wait || 0), LONGEST_WAIT);
}
