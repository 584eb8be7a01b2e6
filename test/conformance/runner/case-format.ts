import type { JsonValue } from '../../../src/protocol/json.js';

/** One wire case: a name, and steps to do with fresh connections. */
export interface WireCase {
  readonly name: string;
  readonly group: string;
  readonly doc?: string;
  /** What the original does instead. */
  readonly differs?: string;
  readonly steps: readonly Step[];
}

/** A file of cases. */
export interface CaseFile {
  readonly format: 1;
  readonly about: string;
  readonly cases: readonly WireCase[];
}

export type Step = ClientStep | HttpStep | SleepStep;

/** Something that one named client does or expects. */
export interface ClientStep {
  readonly client: string;
  readonly connect?: true;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
  /** The subprotocol selected; null for none. */
  readonly expectSubprotocol?: string | null;
  readonly send?: JsonValue;
  readonly raw?: string | RepeatedText;
  /** Not in the original format: one message in several frames. */
  readonly fragments?: readonly string[];
  readonly binaryBase64?: string;
  readonly expect?: JsonValue;
  readonly expectRaw?: string;
  readonly expectSet?: readonly JsonValue[];
  readonly expectEventually?: JsonValue;
  readonly expectNothing?: number;
  readonly expectPing?: number;
  readonly expectNoPing?: number;
  readonly expectClose?: { readonly code: number | readonly number[] };
  readonly close?: true;
}

/** Long texts, written short. */
export interface RepeatedText {
  readonly prefix?: string;
  readonly unit: string;
  readonly count: number;
  readonly suffix?: string;
}

/** A request, and the response that it must get. */
export interface HttpStep {
  readonly http: HttpRequest;
  readonly status?: number | readonly number[];
  /** Pattern for the body, as JSON. */
  readonly expect?: JsonValue;
  /** The body, as text. */
  readonly expectText?: string;
  /** Patterns by header name, in any case; null for a header that is absent. */
  readonly expectHeaders?: Readonly<Record<string, JsonValue>>;
  /** No response for so many milliseconds. */
  readonly expectHang?: number;
}

/** A POST to the backend with its key, unless something else is said. */
export interface HttpRequest {
  readonly method?: string;
  readonly path?: string;
  readonly target?: 'backend' | 'ws';
  /** All headers instead of the defaults. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
  readonly rawBody?: string | RepeatedText;
  readonly bodyBase64?: string;
}

export interface SleepStep {
  readonly sleep: number;
}

const CLIENT_ACTIONS = [
  'connect',
  'send',
  'raw',
  'fragments',
  'binaryBase64',
  'expect',
  'expectRaw',
  'expectSet',
  'expectEventually',
  'expectNothing',
  'expectPing',
  'expectNoPing',
  'expectClose',
  'close',
] as const;

export type ClientAction = (typeof CLIENT_ACTIONS)[number];

/** The one thing that a client's step is about. */
export function actionOf(step: ClientStep): ClientAction {
  const actions = CLIENT_ACTIONS.filter((action) => action in step);
  const [action] = actions;
  if (action !== undefined && actions.length === 1) return action;
  throw new Error(`${actions.length} actions in ${JSON.stringify(step)}`);
}

/** The text that a `raw` step or body stands for. */
export function expandText(text: string | RepeatedText): string {
  if (typeof text === 'string') return text;
  const { prefix = '', unit, count, suffix = '' } = text;
  return `${prefix}${unit.repeat(count)}${suffix}`;
}
