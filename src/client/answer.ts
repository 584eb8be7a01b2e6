/** Milliseconds that a server may make its clients wait. */
const LONGEST_WAIT = 300_000;
/** Characters of what came that are told. */
const TOLD = 80;

/** A URL as it may be told: its query and fragment may have secrets. */
export function bareUrl(url: string): string {
  return (url.split(/[?#]/, 1)[0] as string).slice(0, 200);
}

/** What a response is, in one short line. */
export function whatCame(response: Response, text?: string): string {
  const { status, type, redirected, url, headers } = response;
  // A browser shows nothing of these; for want of permission, or by request.
  if (status === 0) return `the answer is ${type}`;
  const from = redirected ? ` from ${bareUrl(url)}` : '';
  if (text === undefined) return `the server answers ${status}${from}`;
  const kind = (headers.get('Content-Type') ?? 'no type').slice(0, TOLD);
  const start = text ? JSON.stringify(text.slice(0, TOLD)) : 'nothing';
  return `${status}${from}, ${kind}: ${start}`;
}

/** The text of a response, or undefined if it is larger. */
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
    if (size > limit) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Milliseconds that the server asks to wait for, within reason. */
export function retryAfter({ headers }: Response): number | undefined {
  const value = headers.get('Retry-After');
  if (!value) return undefined;
  const wait = /^\d+$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - Date.now();
  return wait > 0 ? Math.min(wait, LONGEST_WAIT) : undefined;
}
