import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `curl <url> -H <header> -d <body>` does, for machines without it. */
const STAND_IN = `#!${process.execPath}
const { request } = require('node:http');
const headers = { 'content-type': 'application/x-www-form-urlencoded' };
let url, body;
let seconds = 60;
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i++) {
  if (args[i] === '-H') {
    const [name, ...rest] = args[++i].split(':');
    headers[name.toLowerCase()] = rest.join(':').trim();
  } else if (args[i] === '-d') body = args[++i];
  else if (args[i] === '-m') seconds = Number(args[++i]);
  else if (args[i].startsWith('-') || url !== undefined) throw new Error(args[i]);
  else url = args[i];
}
const method = body === undefined ? 'GET' : 'POST';
request(url, { method, headers, signal: AbortSignal.timeout(seconds * 1000) })
  .on('response', (response) => response.pipe(process.stdout))
  .on('upgrade', () => setTimeout(process.exit, seconds * 1000, 28))
  .on('error', () => process.exit(28))
  .end(body);
`;

/** Runs a curl line in a shell, as a reader would, and gives what it prints. */
export async function runCurlLine(
  line: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'snorky-curl-'));
  try {
    let path = process.env['PATH'] ?? '';
    if (!(await hasCurl())) {
      const standIn = join(directory, 'curl');
      await writeFile(standIn, STAND_IN);
      await chmod(standIn, 0o755);
      path = `${directory}${delimiter}${path}`;
    }
    const { stdout } = await run('bash', ['-c', line], {
      env: { ...process.env, ...environment, PATH: path },
    });
    return stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function hasCurl(): Promise<boolean> {
  try {
    await run('curl', ['--version']);
    return true;
  } catch {
    return false;
  }
}
