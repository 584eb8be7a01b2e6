import type {} from 'snorky/client';

/** Who a client is. */
export interface User {
  readonly id: string;
  readonly roles: Role[];
}

export interface Role {
  readonly name: string;
}

/** What the guards of connections leave. */
export interface Claims {
  readonly sub: string;
  readonly roles: Role[];
}

export interface Task {
  readonly id: number;
  readonly title: string;
  readonly due: Date;
}

export interface Comment {
  readonly id: number;
  readonly taskId: number;
  readonly by: User;
}

export interface Article {
  readonly headline: string;
  readonly author: User;
  readonly at: Date;
}

export interface Line {
  readonly text: string;
}

export interface CalculatorApi {
  sum(params: { number1: number; number2: number }): number;
  last(): { readonly value: number; readonly at: Date };
}

declare module 'snorky/client' {
  interface SnorkyTypes {
    identity: User;
    user: Claims;
    models: { Task: Task; Comment: Comment };
    channels: { news: Article; [room: `room:${number}`]: Line };
    services: { calculator: CalculatorApi };
  }
}
