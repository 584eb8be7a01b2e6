import { describe, expect, it } from '@jest/globals';
import {
  DELIVERY_HEADER,
  sign,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  verifyWebhook,
} from '../../../src/transports/webhook/webhook-signature.js';

const SECRET = 'a secret of its own';
const BODY = '{"events":[{"name":"ä"}]}';
const AT = 1_700_000_000;

function request(changes: Record<string, string | string[] | undefined> = {}) {
  return {
    body: BODY,
    headers: {
      'x-snorky-timestamp': String(AT),
      'x-snorky-signature': sign(SECRET, String(AT), BODY),
      ...changes,
    },
  };
}

function verify(
  given: Parameters<typeof verifyWebhook>[0],
  secrets: string | readonly string[] = SECRET,
  now = AT * 1000,
): boolean {
  return verifyWebhook(given, secrets, { now: () => now });
}

describe('The signature of a post', () => {
  it('is what HMAC-SHA256 makes of the time stamp, a dot and the body', () => {
    // By `printf '1.{}' | openssl dgst -sha256 -hmac key`.
    expect(sign('key', '1', '{}')).toBe(
      'v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224',
    );
  });

  it('comes in headers whose names do not change', () => {
    expect([TIMESTAMP_HEADER, SIGNATURE_HEADER, DELIVERY_HEADER]).toEqual([
      'X-Snorky-Timestamp',
      'X-Snorky-Signature',
      'X-Snorky-Delivery',
    ]);
  });

  it('is accepted, of a text and of bytes', () => {
    expect(verify(request())).toBe(true);
    expect(verify({ ...request(), body: Buffer.from(BODY) })).toBe(true);
    expect(
      verify({ ...request(), body: new Uint8Array(Buffer.from(BODY)) }),
    ).toBe(true);
  });

  it('is accepted by any of several secrets, and beside others', () => {
    expect(verify(request(), ['another secret', SECRET])).toBe(true);
    const own = sign(SECRET, String(AT), BODY);
    const wrong = sign('another', String(AT), BODY);
    for (const both of [
      `v1=00, ${own}`,
      `${wrong},${own}`,
      `${own},${wrong}`,
    ]) {
      expect(verify(request({ 'x-snorky-signature': both }))).toBe(true);
    }
    expect(verify(request(), [SECRET, 'another secret', ''])).toBe(true);
  });

  it.each<[string, Record<string, string | string[] | undefined>]>([
    ['none', { 'x-snorky-signature': undefined }],
    ['an empty one', { 'x-snorky-signature': '' }],
    ['a list of headers', { 'x-snorky-signature': ['a', 'b'] }],
    ['a list of time stamps', { 'x-snorky-timestamp': [String(AT)] }],
    ['no time stamp', { 'x-snorky-timestamp': undefined }],
    ['another time stamp', { 'x-snorky-timestamp': String(AT + 1) }],
    ['a time stamp that is none', { 'x-snorky-timestamp': `${AT}.0` }],
    ['a negative time stamp', { 'x-snorky-timestamp': `-${AT}` }],
    ...[` ${AT}`, `${AT} `, `+${AT}`, `${AT}e0`].map(
      (stamp): [string, Record<string, string>] => [
        `a time stamp that is another spelling, ${JSON.stringify(stamp)}`,
        {
          'x-snorky-timestamp': stamp,
          'x-snorky-signature': sign(SECRET, stamp, BODY),
        },
      ],
    ),
    [
      'half of it',
      { 'x-snorky-signature': sign(SECRET, `${AT}`, BODY).slice(0, 30) },
    ],
    [
      'that of another secret',
      { 'x-snorky-signature': sign('another secret', `${AT}`, BODY) },
    ],
    ['that of no secret', { 'x-snorky-signature': sign('', `${AT}`, BODY) }],
  ])('is refused with %s', (_what, changes) => {
    expect(verify(request(changes))).toBe(false);
  });

  it('is refused of another body, and without a secret to compare with', () => {
    expect(verify({ ...request(), body: `${BODY} ` })).toBe(false);
    expect(verify(request(), [])).toBe(false);
    const unsigned = { 'x-snorky-signature': sign('', `${AT}`, BODY) };
    expect(verify(request(unsigned), '')).toBe(false);
  });

  it('is refused five minutes before and after its time', () => {
    const now = AT * 1000;
    expect(verify(request(), SECRET, now + 300_000)).toBe(true);
    expect(verify(request(), SECRET, now + 300_001)).toBe(false);
    expect(verify(request(), SECRET, now - 300_001)).toBe(false);
    const wide = { tolerance: 400_000, now: () => now + 300_001 };
    expect(verifyWebhook(request(), SECRET, wide)).toBe(true);
  });
});
