import { IsDate, IsNumber, IsOptional } from 'class-validator';
import { Type } from 'class-transformer';
import {
  ConnectedClient,
  RpcCommand,
  RpcParams,
  SnorkyService,
  type Client,
  type Commands,
  type RpcRequest,
} from 'snorky';
import type { CalculatorApi, Entry } from '../calculator-api.js';

class SumParams {
  @IsNumber() number1!: number;
  @IsNumber() number2!: number;
}

class LogParams {
  @IsNumber() number!: number;
  @IsNumber() @IsOptional() base?: number;
}

class KeepParams {
  @IsNumber() result!: number;
  @IsDate() @Type(() => Date) at!: Date;
}

class HistoryParams {
  @IsNumber() @IsOptional() limit?: number;
}

/** The service of `calculator-api.ts`. */
@SnorkyService('calculator')
export class Calculator implements Commands<CalculatorApi, 'next'> {
  private readonly entries: Entry[] = [];
  private waiting: RpcRequest[] = [];

  @RpcCommand()
  sum({ number1, number2 }: SumParams): number {
    return number1 + number2;
  }

  @RpcCommand()
  async log({ number, base = Math.E }: LogParams): Promise<number> {
    return Promise.resolve(Math.log(number) / Math.log(base));
  }

  @RpcCommand()
  keep(params: KeepParams, request: RpcRequest): Entry {
    const entry = { ...params, note: `by ${request.client.id}` };
    this.entries.push(entry);
    for (const other of this.waiting) other.reply(entry);
    this.waiting = [];
    return entry;
  }

  @RpcCommand()
  history(
    @RpcParams() { limit = Infinity }: HistoryParams,
    @ConnectedClient() _client: Client,
  ): Entry[] {
    return this.entries.slice(0, limit);
  }

  @RpcCommand()
  ping(): string {
    return 'pong';
  }

  @RpcCommand()
  clear(@ConnectedClient() client: Client): void {
    if (client.connected) this.entries.length = 0;
  }

  @RpcCommand({ async: true, unchecked: true })
  next(_params: object, request: RpcRequest): void {
    this.waiting.push(request);
  }
}
