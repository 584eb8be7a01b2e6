import type { Client, Commands, RpcRequest } from 'snorky';
import { of, type Observable } from 'rxjs';

interface Api {
  sum(params: { number1: number; number2: number }): number;
  remember(params: { at: Date }): void;
  find(params?: { limit?: number }): string[];
  wait(): string;
}

export class InOtherWords implements Commands<Api> {
  sum(params: { number1: number; number2?: number }): Observable<number> {
    return of(params.number1);
  }

  remember = async (): Promise<void> => {};

  async find({ limit }: { limit?: number }, _who: Client): Promise<string[]> {
    return Promise.resolve([String(limit)]);
  }

  wait(_params: object, request: RpcRequest): string {
    return request.command;
  }

  more(): void {}
}

// @ts-expect-error: `wait` is missing.
export class Incomplete implements Commands<Api> {
  sum = (): number => 1;
  remember(): void {}
  find(): string[] {
    return [];
  }
}

export class MoreParams implements Commands<Pick<Api, 'sum'>> {
  // @ts-expect-error: clients do not give the third one.
  sum(params: { number1: number; number2: number; number3: number }): number {
    return params.number3;
  }
}

export class WrongParam implements Commands<Pick<Api, 'sum'>> {
  // @ts-expect-error: clients give a number.
  sum({ number1 }: { number1: string; number2: number }): number {
    return Number(number1);
  }
}

export class SingleValues implements Commands<Pick<Api, 'sum'>> {
  // @ts-expect-error: clients give one object.
  sum(number1: number, number2: number): number {
    return number1 + number2;
  }
}

export class ByName implements Commands<Pick<Api, 'sum'>, never, 'sum'> {
  sum(number1: number, number2: number): number {
    return number1 + number2;
  }
}

export class WrongResultByName implements Commands<
  Pick<Api, 'sum'>,
  never,
  'sum'
> {
  // @ts-expect-error: clients expect a number.
  sum(number1: number, number2: number): string {
    return `${number1 + number2}`;
  }
}

type Waiting = Pick<Api, 'wait'>;

// @ts-expect-error: no command of the interface.
export class UnknownByName implements Commands<Waiting, never, 'next'> {
  wait(): string {
    return '';
  }
}

export class WrongResult implements Commands<Pick<Api, 'sum'>> {
  // @ts-expect-error: clients expect a number.
  sum(): string {
    return '3';
  }
}

export class WrongPromise implements Commands<Pick<Api, 'sum'>> {
  // @ts-expect-error: clients expect a number.
  async sum(): Promise<string> {
    return Promise.resolve('3');
  }
}

export class WrongObservable implements Commands<Pick<Api, 'sum'>> {
  // @ts-expect-error: clients expect a number.
  sum(): Observable<string> {
    return of('3');
  }
}

export class NoResult implements Commands<Pick<Api, 'wait'>> {
  // @ts-expect-error: clients expect a text.
  wait(): void {}
}

export class ResultByHand implements Commands<Pick<Api, 'wait'>, 'wait'> {
  wait(): void {}
}

export class WrongResultByHand implements Commands<Pick<Api, 'wait'>, 'wait'> {
  // @ts-expect-error: clients expect a text, if anything.
  wait(): number {
    return 1;
  }
}

// @ts-expect-error: no command of the interface.
export class UnknownByHand implements Commands<Pick<Api, 'wait'>, 'next'> {
  wait(): string {
    return '';
  }
}

interface NotAnApi {
  version: string;
  log(number: number, base: number): number;
}

export class OfNoCommands implements Commands<NotAnApi> {
  // @ts-expect-error: clients call methods.
  version = '1';
  // @ts-expect-error: calls have one object.
  log(number: number, base: number): number {
    return Math.log(number) / Math.log(base);
  }
}
