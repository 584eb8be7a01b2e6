import type { JsonValue } from '../../../src/protocol/json.js';
import type { HttpStep } from './case-format.js';
import type { CaseRun } from './case-run.js';
import { exchange, type HttpAnswer } from './http-exchange.js';
import { fillText } from './variables.js';

/** Sends a request and compares what comes back. */
export async function doHttpStep(step: HttpStep, run: CaseRun): Promise<void> {
  const { expectHang } = step;
  const answer = await exchange(step.http, run.target, run.variables, {
    agent: run.agent,
    milliseconds: expectHang ?? run.patience,
  });
  if (expectHang !== undefined) {
    if (answer === undefined) return;
    throw new Error(`answered with ${answer.status} ${answer.body}`);
  }
  if (answer === undefined) {
    throw new Error(`no response within ${run.patience} ms`);
  }
  expectAnswer(step, answer, run);
}

function expectAnswer(step: HttpStep, answer: HttpAnswer, run: CaseRun): void {
  const { status, body } = answer;
  const expected = [step.status ?? 200].flat();
  if (!expected.includes(status)) {
    throw new Error(`expected ${expected.join(' or ')}, got ${status} ${body}`);
  }
  if (step.expectText !== undefined) {
    const text = fillText(step.expectText, run.variables);
    if (text !== body) throw new Error(`expected ${text}, got ${body}`);
  }
  for (const [name, pattern] of Object.entries(step.expectHeaders ?? {})) {
    run.expect({ [name]: pattern }, header(answer, name));
  }
  if (step.expect !== undefined) run.expect(step.expect, parse(body));
}

function header(answer: HttpAnswer, name: string): JsonValue {
  return { [name]: answer.headers[name.toLowerCase()] ?? null };
}

function parse(body: string): JsonValue {
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    throw new Error(`the body is not JSON: ${body}`);
  }
}
