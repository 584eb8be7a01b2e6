import {
  createElement,
  startTransition,
  useDeferredValue,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { log } from './log.js';
import { tasks } from './live.js';

/** React gives the page a turn after 5 ms of drawing. */
const TURN = 6;
/** So many turns a change has to arrive in. */
const TURNS = 1000;

/** Takes time until the list is as long as that: so it changes while this is drawn. */
function Slow({ until }: { until: number }) {
  const end = performance.now() + TURN;
  while (tasks.items.length < until && performance.now() < end);
  return null;
}

/** Draws two components of one kind, the second long after the first. */
function apart(
  of: (props: { name: string }) => ReactNode,
  until: number,
): ReactNode {
  const between = Array.from({ length: TURNS }, (_nothing, key) =>
    createElement(Slow, { key, until }),
  );
  return [
    createElement(of, { key: 'first', name: 'first' }),
    ...between,
    createElement(of, { key: 'last', name: 'last' }),
  ];
}

function Length({ name }: { name: string }) {
  const { items } = useSyncExternalStore(tasks.subscribe, tasks.getSnapshot);
  log(`${name} sees ${items.length}`);
  return createElement('output', null, items.length);
}

/** The wrong way: a snapshot that React does not know of. */
function UnknownLength({ name }: { name: string }) {
  const { length } = tasks.getSnapshot().items;
  log(`${name} sees ${length}`);
  return createElement('output', null, length);
}

let setUntil: (length: number) => void;

/** Draws anew in a transition, which lasts until the list is as long as that. */
export function drawUntil(length: number): void {
  startTransition(() => setUntil(length));
}

function inTransition(of: (props: { name: string }) => ReactNode) {
  return function InTransition() {
    const [until, set] = useState<number>();
    setUntil = set;
    return until === undefined ? null : apart(of, until);
  };
}

export const Lengths = inTransition(Length);
export const UnknownLengths = inTransition(UnknownLength);

function DeferredLength({ name }: { name: string }) {
  const { items } = useSyncExternalStore(tasks.subscribe, tasks.getSnapshot);
  const deferred = useDeferredValue(items);
  log(`${name} sees ${items.length}, later ${deferred.length}`);
  return createElement('output', null, `${items.length}, ${deferred.length}`);
}

/** Draws new lengths at once, and later where it may; slowly from five rows to six. */
export function DeferredLengths() {
  const { items } = useSyncExternalStore(tasks.subscribe, tasks.getSnapshot);
  const { length } = useDeferredValue(items);
  return apart(DeferredLength, length === 5 ? 6 : 0);
}
