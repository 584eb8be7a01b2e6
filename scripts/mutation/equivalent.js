/**
 * Mutants that no test can kill, since nothing that anybody sees differs. They are
 * not counted. Each has its reason; a row that fits no mutant any more is told.
 *
 * @typedef {{
 *   file: string, source: string, before: string, after: string, why: string,
 * }} Equivalent `source` is the whole line.
 * @type {readonly Equivalent[]}
 */
export const EQUIVALENT = [
  ...[
    ["typeof body === 'string'", 'false'],
    ["'string'", '""'],
  ].map(([before, after]) => ({
    file: 'src/transports/webhook/webhook-signature.ts',
    source:
      "const text = typeof body === 'string' ? body : Buffer.from(body).toString();",
    before,
    after,
    why: 'A text is made bytes and a text again, and is the same.',
  })),
  {
    file: 'src/transports/http/backend-keys.ts',
    source:
      "this.digests = list.map((key) => digest(Buffer.from(key, 'utf8')));",
    before: "'utf8'",
    after: '""',
    why: 'It is what Node takes where no encoding is named.',
  },
  {
    file: 'src/transports/http/backend-keys.ts',
    source: "if (typeof header !== 'string' || header === '') return false;",
    before: "header === ''",
    after: 'false',
    why: 'No key is empty, so that an empty header is none of them anyway.',
  },
];
