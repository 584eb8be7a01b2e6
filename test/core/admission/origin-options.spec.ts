import { describe, expect, it } from '@jest/globals';
import {
  checkHosts,
  checkOrigins,
} from '../../../src/core/admission/origin-options.js';

describe('The origins of an endpoint', () => {
  it.each([
    '*',
    'same',
    () => true,
    [],
    ['null'],
    ['https://app.example', 'http://localhost:3000', 'http://[::1]'],
    ['https://xn--bcher-kva.example'],
    // Pages of installed applications.
    ['capacitor://localhost', 'file://', 'chrome-extension://abcdefgh'],
  ])('may be %p', (origins) => {
    expect(() => checkOrigins(origins)).not.toThrow();
  });

  it.each([
    ['https://App.example', "browsers send 'https://app.example'."],
    ['HTTPS://app.example', "browsers send 'https://app.example'."],
    ['https://app.example/', "browsers send 'https://app.example'."],
    ['https://app.example/a?b', "browsers send 'https://app.example'."],
    ['https://app.example:443', "browsers send 'https://app.example'."],
    ['http://a@app.example', "browsers send 'http://app.example'."],
    ['https://b\u00fccher.example', "send 'https://xn--bcher-kva.example'."],
    ['http://127.1', "browsers send 'http://127.0.0.1'."],
    ['app.example', "begins with a scheme, such as 'https://app.example'."],
    ['https:app.example', 'begins with a scheme'],
    ['https://*.app.example', 'there are no wildcards; a function can decide.'],
    ['*', 'there are no wildcards; a function can decide.'],
    ['', "begins with a scheme, such as 'https://'."],
    ['https://', 'it has no host.'],
    ['https://a b', 'it has no host.'],
    ['wss://app.example', 'by http or https.'],
    ['capacitor://localhost/', 'a scheme and a host, in lower case.'],
    ['capacitor://Localhost', 'a scheme and a host, in lower case.'],
    ['Capacitor://localhost', 'a scheme and a host, in lower case.'],
  ])("may not list '%s', which no page has", (origin, sentence) => {
    const check = () => checkOrigins(['https://a.example', origin]);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(`lists '${origin}', which is no page's origin: `);
    expect(check).toThrow(sentence);
  });

  it.each([
    ['https://app.example', "not 'https://app.example'."],
    [[1], 'not a list of something else.'],
    [{}, 'not object.'],
    [null, 'not object.'],
    [true, 'not boolean.'],
  ])('may not be %p', (origins, sentence) => {
    expect(() => checkOrigins(origins)).toThrow(sentence);
  });
});

describe('The hosts of an endpoint', () => {
  it.each([
    [['app.example']],
    [['App.example', 'localhost:3000', 'app.example:80', 'app.example:443']],
    [['[::1]:3000', '127.0.0.1', 'xn--bcher-kva.example']],
  ])('may be %p', (hosts) => {
    expect(() => checkHosts(hosts)).not.toThrow();
  });

  it.each([
    ['https://app.example', "write 'app.example'."],
    ['https://app.example:8443/a', "write 'app.example:8443'."],
    ['app.example/', "write 'app.example'."],
    ['app.example?a', "write 'app.example'."],
    ['a@app.example', "write 'app.example'."],
    [' app.example', "write 'example.com' or"],
    ['b\u00fccher.example', "write 'xn--bcher-kva.example'."],
    ['*.app.example', "write 'example.com' or"],
    ['app.example:99999', "write 'example.com' or"],
    ['', "write 'example.com' or"],
  ])("may not list '%s', which no request names", (host, sentence) => {
    const check = () => checkHosts(['a.example', host]);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(
      `lists '${host}', which no request names as its host`,
    );
    expect(check).toThrow(sentence);
  });

  it.each([
    [[], 'not an empty list.'],
    ['app.example', "not 'app.example'."],
    [[1], 'not a list of something else.'],
    [7, 'not number.'],
  ])('may not be %p', (hosts, sentence) => {
    expect(() => checkHosts(hosts)).toThrow(sentence);
  });
});
