import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REDACTED_NAMES } from '../../../src/core/log/redacted-names.js';
import { Redaction, withoutQuery } from '../../../src/core/log/redaction.js';

const CANARY = 'c4n4ry-4111111111111111';
const redaction = new Redaction();

describe('A redacted name', () => {
  it.each([
    ...REDACTED_NAMES,
    'Password',
    'PASSWORD',
    'newPassword',
    'new_password',
    'new-password',
    'NEW_PASSWORD',
    'pass_word',
    'userpassword',
    'passwordHash',
    'password2',
    'apiKey',
    'APIKey',
    'API_KEY',
    'x-api-key',
    'X-Backend-Key',
    'keys',
    'accesstoken',
    'refresh_tokens',
    'clientSecret',
    'Set-Cookie',
    'cookies',
    'userPin',
    'PINCode',
    'pin1',
    'cardNumber',
    'creditCards',
    'CVV2',
    'otpCode',
    'OTPs',
    'SSN',
    'proxy-authorization',
    'ｐａｓｓｗｏｒｄ',
    'x'.repeat(101),
  ])('may be written %s', (name) => {
    expect(redaction.hides(name)).toBe(true);
  });

  it.each([
    '',
    'name',
    'keyboard',
    'monkey',
    'spinning',
    'opinion',
    'cardinal',
    'passenger',
    'title',
    'id',
    'compass',
    '__proto__',
  ])('is not %s', (name) => {
    expect(redaction.hides(name)).toBe(false);
  });

  it('may be one of the application, in addition or in place of the usual', () => {
    const more = new Redaction(['diagnosis', 'tax-id']);
    expect(more.hides('mainDiagnosis')).toBe(true);
    expect(more.hides('taxId')).toBe(true);
    expect(more.hides('TAX_ID')).toBe(true);
    expect(more.hides('password')).toBe(true);
    const only = new Redaction({ only: ['diagnosis'] });
    expect(only.hides('diagnosis')).toBe(true);
    expect(only.hides('password')).toBe(false);
    expect(new Redaction({ only: [] }).hides('password')).toBe(false);
  });

  it.each([[['']], [['-']], [{ only: [' '] }], [[null as unknown as string]]])(
    'has a letter or digit: %j is refused',
    (names) => {
      expect(() => new Redaction(names)).toThrow('must list names');
    },
  );
});

describe('A value in a line', () => {
  it.each<[unknown, string]>([
    [
      { b: 1, a: [1, 'é\n', null, true] },
      '{"a": [1, "é\\n", null, true], "b": 1}',
    ],
    [{ z: { b: {}, a: [] } }, '{"z": {"a": [], "b": {}}}'],
    ['plain', '"plain"'],
    [null, 'null'],
    [
      { password: CANARY, name: 'Ann' },
      '{"name": "Ann", "password": [redacted]}',
    ],
    [{ password: null }, '{"password": null}'],
    [{ card: { number: CANARY } }, '{"card": [redacted]}'],
    [{ a: [{ tokens: [CANARY] }] }, '{"a": [{"tokens": [redacted]}]}'],
    [{ pin: 1234 }, '{"pin": [redacted]}'],
    [['password', CANARY], '[[redacted], [redacted]]'],
    ...['type', 'kind', 'id', 'label', 'Type'].map((key): [unknown, string] => [
      { [key]: 'pin', value: CANARY },
      `{"${key}": "pin", "value": [redacted]}`,
    ]),
    [{ type: 'text', value: 'shown' }, '{"type": "text", "value": "shown"}'],
    [
      { name: 'password', value: CANARY },
      '{"name": [redacted], "value": [redacted]}',
    ],
    [{ text: `{"password":"${CANARY}"}` }, '{"text": [redacted]}'],
    [{ text: `pin=${CANARY}&a=1` }, '{"text": [redacted]}'],
    [{ text: `PIN: ${CANARY}` }, '{"text": [redacted]}'],
    [{ text: `Authorization: Bearer ${CANARY}` }, '{"text": [redacted]}'],
    [[`token=${CANARY}`, 1], '[[redacted], [redacted]]'],
    [
      { name: `token=${CANARY}`, value: 1 },
      '{"name": [redacted], "value": [redacted]}',
    ],
    [{ text: 'the card game' }, '{"text": "the card game"}'],
    [
      { url: `https://a.example/b?c=${CANARY}` },
      '{"url": "https://a.example/b..."}',
    ],
    [
      { url: `wss://ann:${CANARY}@a.example/` },
      '{"url": "wss://a.example/..."}',
    ],
    [{ url: `/b?c=${CANARY}` }, '{"url": "/b..."}'],
    [{ url: '/b/c' }, '{"url": "/b/c"}'],
  ])('is written as in row %#', (value, shown) => {
    expect(redaction.value(value)).toBe(shown);
  });

  it('is cut to 100 characters after what is secret was left out', () => {
    const shown = redaction.call('auth.logIn', {
      password: CANARY,
      remark: 'x'.repeat(1000),
    });
    expect(shown).toBe(
      `auth.logIn({"password": [redacted], "remark": "${'x'.repeat(50)}...`,
    );
    expect(shown).toHaveLength(100);
  });

  it('shows nothing of a secret, wherever JSON has it', () => {
    const name = fc.constantFrom(
      ...REDACTED_NAMES,
      ...REDACTED_NAMES.map((one) => `my_${one.toUpperCase()}`),
      ...REDACTED_NAMES.map(
        (one) => `user${one[0]?.toUpperCase()}${one.slice(1)}`,
      ),
    );
    const secret = fc.constantFrom<unknown>(CANARY, [CANARY], { a: CANARY }, [
      [{ b: [CANARY] }],
    ]);
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.tuple(name, secret).map(([key, value]) => ({ [key]: value })),
        fc
          .tuple(name)
          .map(([key]) => ({ j: JSON.stringify({ [key]: CANARY }) })),
        fc.tuple(name).map(([key]) => [key, CANARY]),
        fc.array(tie('tree'), { maxLength: 2 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie('tree'), { maxKeys: 2 }),
        fc.jsonValue(),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const shown = redaction.value(value);
        expect(shown).not.toContain(CANARY.slice(0, 6));
        expect(shown.length).toBeLessThanOrEqual(100);
        expect(redaction.text(JSON.stringify(value))).toBe(shown);
      }),
    );
  });

  it('may be anything, and any size', () => {
    const cycle: Record<string, unknown> = {};
    cycle['cycle'] = cycle;
    const hostile = {
      get a(): string {
        throw new Error('hostile');
      },
    };
    let deep: unknown = 1;
    for (let i = 0; i < 1e5; i++) deep = [deep];
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const value of [
      cycle,
      hostile,
      deep,
      revoked.proxy,
      undefined,
      () => 1,
      Symbol('s'),
      1n,
      new Map([[1, 2]]),
      'x'.repeat(1e6),
      Array(1e6).fill('x'),
    ]) {
      expect(redaction.value(value).length).toBeLessThanOrEqual(100);
    }
  });

  it('of a large message is its size alone', () => {
    const params = { a: 1 };
    expect(redaction.call('a.b', params, 20_000)).toBe('a.b(20000 characters)');
    expect(redaction.value(params, 20_000)).toBe('20000 characters');
    expect(redaction.text(`"${'x'.repeat(20_000)}"`)).toBe('20002 characters');
  });
});

describe('A text that is no JSON', () => {
  it.each([
    [`{"password": "${CANARY}`, '{'],
    [`{password: ${CANARY}}`, '{'],
    [CANARY, 'nothing'],
    [`password=${CANARY}`, 'nothing'],
    [`"${CANARY}`, '"'],
  ])('shows how it begins, and nothing else', (text, start) => {
    const shown = redaction.text(text);
    expect(shown).not.toContain(CANARY.slice(0, 6));
    expect(shown).toContain(`${text.length} characters`);
    expect(shown).toContain(start);
  });
});

describe('What a validator says', () => {
  const fault = (path: string) => ({ path, messages: [`was "${CANARY}"`] });

  it('is shown while there is nothing to hide', () => {
    expect(redaction.fault(fault('a.b'), { a: { b: 1 } })).toBe(
      `a.b: was "${CANARY}"`,
    );
    expect(redaction.fault(fault(''), { a: 1 })).toBe(`was "${CANARY}"`);
  });

  it.each<[string, unknown]>([
    ['password', { password: CANARY }],
    ['', { a: [{ password: CANARY }] }],
    ['a', { a: 1, b: `{"token":"${CANARY}"}` }],
    ['a', { a: ['password', CANARY] }],
    ['a', Array(2000).fill(0)],
    ['a', { a: 'x'.repeat(20_000) }],
  ])('is not shown where it could quote a secret, case %#', (path, params) => {
    expect(redaction.fault(fault(path), params)).not.toContain(CANARY);
  });

  it('shows the path up to a redacted name', () => {
    expect(redaction.fault(fault(`a.tokens.${CANARY}`), { tokens: 1 })).toBe(
      'a.tokens: [redacted]',
    );
  });
});

describe('A URL', () => {
  it.each([
    ['/ws?ticket=1', '/ws'],
    ['/ws#a', '/ws'],
    ['/ws', '/ws'],
    ['?a', ''],
    ['https://ann:pw@a.example/b?c#d', 'https://a.example/b'],
    ['https://a.example', 'https://a.example'],
    ['/a\n?b\nc', '/a\n'],
  ])('%j is shown as %j', (url, shown) => {
    expect(withoutQuery(url)).toBe(shown);
  });
});
