import { describe, expect, it } from '@jest/globals';
import {
  SUBSCRIPTION_STATES,
  type SubscriptionEvent,
  type SubscriptionState,
} from 'snorky';
import { Subscription } from '../../../src/services/datasync/subscription.js';
import { LocalClient } from '../../support/local-client.js';

const STATES = ['authorized', 'replaying', 'live', 'grace', 'gone'] as const;
const EVENTS = [
  'acquire',
  'takeOver',
  'caughtUp',
  'uncovered',
  'cancel',
  'disconnect',
  'expire',
] as const;

type Row = Partial<Record<SubscriptionEvent, SubscriptionState>>;

/** Everything that can happen; what is not here cannot. */
const EXPECTED: Record<'once' | 'resumable', Record<SubscriptionState, Row>> = {
  once: {
    authorized: { acquire: 'replaying', uncovered: 'gone', expire: 'gone' },
    replaying: {
      caughtUp: 'live',
      uncovered: 'gone',
      cancel: 'gone',
      disconnect: 'gone',
    },
    live: { cancel: 'gone', disconnect: 'gone' },
    grace: {},
    gone: {},
  },
  resumable: {
    authorized: {
      acquire: 'replaying',
      takeOver: 'replaying',
      uncovered: 'gone',
      expire: 'gone',
    },
    replaying: {
      takeOver: 'replaying',
      caughtUp: 'live',
      uncovered: 'gone',
      cancel: 'gone',
      disconnect: 'grace',
    },
    live: { takeOver: 'replaying', cancel: 'gone', disconnect: 'grace' },
    grace: {
      acquire: 'replaying',
      takeOver: 'replaying',
      uncovered: 'gone',
      expire: 'gone',
    },
    gone: {},
  },
};

describe.each(['once', 'resumable'] as const)('The table "%s"', (kind) => {
  const table = SUBSCRIPTION_STATES[kind];

  it('has every state, and every event in each', () => {
    expect(Object.keys(table).toSorted()).toEqual([...STATES].toSorted());
    for (const state of STATES) {
      expect(Object.keys(table[state]).toSorted()).toEqual(
        [...EVENTS].toSorted(),
      );
    }
  });

  it.each(STATES.flatMap((state) => EVENTS.map((event) => [state, event])))(
    'says what happens to one that is %s at "%s"',
    (state, event) => {
      const row = EXPECTED[kind][state as SubscriptionState];
      const next =
        table[state as SubscriptionState][event as SubscriptionEvent];
      expect(next).toBe(row[event as SubscriptionEvent]);
    },
  );

  it('leads from every state that there is to the end', () => {
    const reached = new Set<SubscriptionState>(['authorized']);
    for (const state of reached) {
      for (const next of Object.values(table[state])) {
        if (next !== undefined) reached.add(next);
      }
    }
    const all = STATES.filter((state) => kind !== 'once' || state !== 'grace');
    expect([...reached].toSorted()).toEqual([...all].toSorted());
    for (const state of reached) {
      if (state === 'gone') continue;
      const leads = Object.values(table[state]).filter((n) => n !== undefined);
      expect(leads.length).toBeGreaterThan(0);
    }
  });
});

describe('A subscription', () => {
  function make(resumable: boolean): Subscription {
    return new Subscription('token', new LocalClient(), resumable, [
      { dealer: 'AllTasks', query: null },
    ]);
  }

  it('moves as its table says, and stays where an event cannot happen', () => {
    const subscription = make(true);
    const path: [SubscriptionEvent, boolean, SubscriptionState][] = [
      ['expire', false, 'replaying'],
      ['takeOver', true, 'replaying'],
      ['caughtUp', true, 'live'],
      ['acquire', false, 'live'],
      ['disconnect', true, 'grace'],
      ['cancel', false, 'grace'],
      ['acquire', true, 'replaying'],
      ['disconnect', true, 'grace'],
      ['expire', true, 'gone'],
      ['takeOver', false, 'gone'],
    ];
    for (const [event, happens, state] of path) {
      expect([event, subscription.apply(event), subscription.state]).toEqual([
        event,
        happens,
        state,
      ]);
    }
  });

  it('that cannot be resumed is gone with its client', () => {
    const subscription = make(false);
    expect(subscription.apply('takeOver')).toBe(false);
    expect(subscription.apply('caughtUp')).toBe(true);
    expect(subscription.apply('disconnect')).toBe(true);
    expect(subscription.state).toBe('gone');
  });

  it('has items that lead back to it', () => {
    const subscription = make(false);
    expect(subscription.items).toEqual([
      { dealer: 'AllTasks', query: null, subscription },
    ]);
  });
});
