import {
  BroadcastDealer,
  Dealer,
  FilterDealer,
  SimpleDealer,
  type JsonObject,
  type JsonValue,
} from 'snorky';
import { dealerContract } from '../../../contract/dealer.contract.js';
import type { Random } from '../../../../harness/random.js';
import {
  randomFilter,
  randomRow,
  randomValue,
} from '../filter/naive-filter.js';

class Linear extends Dealer<JsonObject> {
  readonly model = 'Task';

  matches(query: JsonValue, { due }: JsonObject): boolean {
    return Number(due) < Number(query);
  }
}

class Broadcast extends BroadcastDealer {
  readonly model = 'Task';
}

class Simple extends SimpleDealer<JsonObject> {
  readonly model = 'Task';

  getKeyForModel({ key }: JsonObject): JsonValue | undefined {
    return key;
  }
}

class Filter extends FilterDealer {
  readonly model = 'Task';
}

dealerContract('A dealer with `matches` alone', {
  make: () => new Linear() as unknown as Dealer,
  query: (random: Random) => random.below(10),
  row: (random: Random) => ({ due: random.below(10) }),
});

dealerContract('A BroadcastDealer', {
  make: () => new Broadcast(),
  query: randomValue,
  row: randomRow,
});

dealerContract('A SimpleDealer', {
  make: () => new Simple() as unknown as Dealer,
  query: randomValue,
  row: (random: Random) => ({ key: randomValue(random) }),
});

dealerContract('A FilterDealer', {
  make: () => new Filter(),
  query: randomFilter,
  row: randomRow,
});
