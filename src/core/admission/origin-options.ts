/**
 * Refuses a value that is no policy, and origins that no page has. A single
 * origin as text would match parts of others. An origin that can never match
 * would keep out the pages that it was written for.
 *
 * @throws TypeError
 */
export function checkOrigins(origins: unknown): void {
  if (origins === '*' || origins === 'same' || typeof origins === 'function') {
    return;
  }
  if (!isListOfTexts(origins)) {
    throw new TypeError(
      `The WebSocket option "origins" must be '*', 'same', a list of origins or ` +
        `a function, not ${shown(origins)}.`,
    );
  }
  for (const origin of origins) {
    const objection = objectionTo(origin);
    if (objection === undefined) continue;
    throw new TypeError(
      `The WebSocket option "origins" lists '${origin}', which is no page's ` +
        `origin: ${objection}.`,
    );
  }
}

/**
 * Refuses hosts that no request can name.
 *
 * @throws TypeError
 */
export function checkHosts(hosts: unknown): void {
  if (!isListOfTexts(hosts) || hosts.length === 0) {
    throw new TypeError(
      'The WebSocket option "hosts" must be a list of hosts such as ' +
        `'example.com' or 'example.com:8443', not ${shown(hosts)}.`,
    );
  }
  for (const host of hosts) {
    const isName = !/[*\s]/.test(host);
    const url = host.includes('://') ? host : `http://${host}`;
    const known = (isName ? hostOf(url) : undefined) ?? '';
    const isHost = host.toLowerCase().replace(/:80$/, '') === known;
    if (isHost && known !== '') continue;
    const right =
      known === '' ? "'example.com' or 'example.com:8443'" : `'${known}'`;
    throw new TypeError(
      `The WebSocket option "hosts" lists '${host}', which no request names as ` +
        `its host: write ${right}.`,
    );
  }
}

/** Why no browser sends this text as an origin; undefined if one may. */
function objectionTo(origin: string): string | undefined {
  // The origin of sandboxed frames, and of pages that came from no server.
  if (origin === 'null') return undefined;
  if (origin.includes('*')) {
    return 'there are no wildcards; a function can decide';
  }
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(origin)) {
    return `it begins with a scheme, such as 'https://${origin}'`;
  }
  const [scheme = ''] = origin.toLowerCase().split(':');
  if (scheme === 'http' || scheme === 'https') {
    const host = hostOf(origin);
    if (host === undefined) return 'it has no host';
    const sent = `${scheme}://${host}`;
    return origin === sent ? undefined : `browsers send '${sent}'`;
  }
  if (scheme === 'ws' || scheme === 'wss') {
    return 'it is where the page comes from, by http or https';
  }
  // Origins of applications that show pages: 'capacitor://localhost',
  // 'file://'.
  const rest = origin.slice(`${scheme}://`.length);
  return /[A-Z\s/?#@\\]/.test(rest) || origin !== `${scheme}://${rest}`
    ? 'it is a scheme and a host, in lower case'
    : undefined;
}

/**
 * The host as browsers write it: in lower case and ASCII, without a default
 * port.
 */
function hostOf(url: string): string | undefined {
  try {
    return new URL(url).host || undefined;
  } catch {
    return undefined;
  }
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.every((each) => typeof each === 'string')
  );
}

function shown(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty list' : 'a list of something else';
  }
  return typeof value === 'string' ? `'${value}'` : typeof value;
}
