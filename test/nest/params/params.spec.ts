import { describe, expect, it } from '@jest/globals';
import {
  createParamDecorator,
  DefaultValuePipe,
  Injectable,
  ParseIntPipe,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Type } from 'class-transformer';
import {
  IsEmail,
  IsNumber,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import {
  ConnectedClient,
  CurrentRequest,
  RpcCommand,
  RpcParam,
  RpcParams,
  RpcRequest,
  SnorkyService,
  type Client,
  type JsonObject,
  type JsonValue,
  type StandardSchema,
} from 'snorky';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startWithSocket } from '../../support/servers/services.js';

class SumParams {
  @IsNumber() number1!: number;
  @IsNumber() number2!: number;

  total(): number {
    return this.number1 + this.number2;
  }
}

class Address {
  @IsString() city!: string;
}

class Person {
  @IsString() name!: string;
  @ValidateNested() @Type(() => Address) address!: Address;
  @IsOptional() @IsEmail() email?: string;
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Address)
  others?: Address[];
}

class Employee extends Person {
  @IsNumber() salary!: number;
}

class Point {
  @IsNumber() x!: number;
}

const Even = z.number().refine((n) => n % 2 === 0);
const Range = z.object({ from: z.number(), to: z.number().default(10) });
const Strict = z.strictObject({
  a: z.string().transform((text) => text.length),
});
const Slow = z.object({
  name: z.string().refine(async (name) => {
    await sleep(1);
    return name !== 'taken';
  }),
});
/** A schema that is a function, as some libraries have them. */
const callable: StandardSchema = Object.assign(() => {}, {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      value === 'yes' ? { value: true } : { issues: [{ message: 'not yes' }] },
  },
});

const Caller = createParamDecorator((data: string, context) => {
  const client = context.switchToWs().getClient<Client>();
  return `${data} ${client.handshake.url}`;
});

@Injectable()
class DoublePipe implements PipeTransform<number, number> {
  transform(value: number): number {
    return value * 2;
  }
}

@SnorkyService('calc')
class Calc {
  // The first form: (params, request)

  @RpcCommand()
  nothing(): string {
    return 'nothing';
  }

  @RpcCommand()
  sum(params: SumParams): unknown {
    return [params.total(), params instanceof SumParams];
  }

  @RpcCommand()
  sumAndWho(params: SumParams, request: RpcRequest): unknown {
    return [params.total(), request.command, request.params];
  }

  @RpcCommand()
  defaulted({ number1, number2 }: SumParams, factor = 2): number {
    return (number1 + number2) * (typeof factor === 'number' ? factor : 1);
  }

  @RpcCommand()
  hire(person: Employee): unknown {
    return [person instanceof Employee, person.address instanceof Address];
  }

  @RpcCommand({ params: Range })
  range(params: z.infer<typeof Range>, request: RpcRequest): unknown {
    return [params, request.params];
  }

  @RpcCommand({ params: Strict })
  strict({ a }: { a: number }): number {
    return a;
  }

  @RpcCommand({ params: Slow })
  slow({ name }: { name: string }): string {
    return name;
  }

  @RpcCommand({ unchecked: true })
  reflect(params: JsonObject): JsonObject {
    return params;
  }

  // The second form: decorators

  @RpcCommand()
  log(
    @RpcParam('number') number: number,
    @RpcParam('base') base = Math.E,
  ): number {
    return Math.log(number) / Math.log(base);
  }

  @RpcCommand()
  types(
    @RpcParam('n', { optional: true }) n?: number,
    @RpcParam('s', { optional: true }) s?: string,
    @RpcParam('b', { optional: true }) b?: boolean,
    @RpcParam('any', { optional: true }) any?: JsonValue,
  ): unknown {
    return { n, s, b, any };
  }

  @RpcCommand()
  nullable(@RpcParam('value') value: JsonValue = 'default'): JsonValue {
    return value;
  }

  @RpcCommand()
  point(@RpcParam('point') point: Point): unknown {
    return [point instanceof Point, point.x];
  }

  @RpcCommand()
  even(@RpcParam('n', Even) n: number): number {
    return n;
  }

  @RpcCommand()
  evenOption(
    @RpcParam('n', { schema: Even, optional: true }) n?: number,
  ): unknown {
    return n ?? 'none';
  }

  @RpcCommand()
  agree(@RpcParam('answer', callable) answer: boolean): boolean {
    return answer;
  }

  @RpcCommand()
  piped(
    @RpcParam('a', ParseIntPipe) a: number,
    @RpcParam('b', new DefaultValuePipe(5), DoublePipe, { optional: true })
    b: number,
  ): unknown {
    return [a, b];
  }

  @RpcCommand()
  all(
    @RpcParams() params: SumParams,
    @ConnectedClient() client: Client,
  ): unknown {
    return [params instanceof SumParams, client.handshake.url];
  }

  @RpcCommand({ params: Range })
  allBySchema(@RpcParams() params: z.infer<typeof Range>): unknown {
    return params;
  }

  @RpcCommand()
  both(
    @RpcParams() params: SumParams,
    @RpcParam('number1') number1: number,
  ): unknown {
    return [params.total(), number1];
  }

  @RpcCommand()
  context(
    @CurrentRequest() request: RpcRequest,
    @ConnectedClient() client: Client,
  ): unknown {
    return [request instanceof RpcRequest, request.client === client];
  }

  @RpcCommand()
  custom(@Caller('from') caller: string, @RpcParam('n') n: number): unknown {
    return [caller, n];
  }

  @RpcCommand()
  prototypes(
    @RpcParam('__proto__') proto: JsonValue,
    @RpcParam('constructor') constructor_: JsonValue,
    @RpcParam('toString') text = 'default',
  ): unknown {
    return [proto, constructor_, text];
  }
}

const INVALID = { error: 'Invalid params' };

/** The two ways to a command: nothing runs around it, or a guard does. */
const WAYS = {
  directly: [],
  'through a guard': [
    { provide: APP_GUARD, useValue: { canActivate: () => true } },
  ],
};

/** A table of calls, run in one application each way. */
function table(
  name: string,
  rows: readonly (readonly [
    command: string,
    params: string,
    result: unknown,
  ])[],
): void {
  it.each(Object.entries(WAYS))(`${name} (called %s)`, async (_way, guards) => {
    await using app = await startWithSocket([Calc, ...guards]);
    const results: unknown[] = [];
    for (const [command, params] of rows) {
      // As text: JSON.stringify() would drop "__proto__".
      app.socket.ws.send(
        `{"service":"calc","message":{"command":"${command}","params":${params}}}`,
      );
      const [message] = (await app.socket.take(1)) as [
        { type: string; data?: unknown; message?: unknown },
      ];
      const result =
        message.type === 'response' ? message.data : { error: message.message };
      results.push([command, params, result]);
    }
    expect(results).toEqual(rows);
  });
}

describe('Params as a class', () => {
  table('are an instance of it, with the request beside them', [
    ['sum', '{"number1":2,"number2":3}', [5, true]],
    [
      'sumAndWho',
      '{"number1":2,"number2":3}',
      [5, 'sumAndWho', { number1: 2, number2: 3 }],
    ],
  ]);

  table('are refused where a property is missing, wrong or unknown', [
    ['sum', '{}', INVALID],
    ['sum', '{"number1":2}', INVALID],
    ['sum', '{"number1":2,"number2":"3"}', INVALID],
    ['sum', '{"number1":2,"number2":null}', INVALID],
    ['sum', '{"number1":2,"number2":3,"number3":4}', INVALID],
    ['sum', '{"number1":2,"number2":3,"req":4}', INVALID],
    ['sum', '{"number1":2,"number2":3,"total":4}', INVALID],
  ]);

  table('are refused with names of the prototype', [
    ['sum', '{"number1":2,"number2":3,"__proto__":{"x":1}}', INVALID],
    ['sum', '{"number1":2,"number2":3,"constructor":1}', INVALID],
    ['sum', '{"number1":2,"number2":3,"toString":1}', INVALID],
    ['sum', '{"__proto__":{"number1":2,"number2":3}}', INVALID],
  ]);

  table('are checked with what nests in them, and what they inherit', [
    [
      'hire',
      '{"name":"Ann","salary":1,"address":{"city":"Bern"}}',
      [true, true],
    ],
    ['hire', '{"salary":1,"address":{"city":"Bern"}}', INVALID],
    ['hire', '{"name":"Ann","address":{"city":"Bern"}}', INVALID],
    ['hire', '{"name":"Ann","salary":1,"address":{"city":7}}', INVALID],
    [
      'hire',
      '{"name":"Ann","salary":1,"address":{"city":"Bern","zip":1}}',
      INVALID,
    ],
    ['hire', '{"name":"Ann","salary":1,"address":"Bern"}', INVALID],
    ['hire', '{"name":"Ann","salary":1,"address":null}', INVALID],
    [
      'hire',
      '{"name":"Ann","salary":1,"address":{"city":"Bern"},"email":"no"}',
      INVALID,
    ],
    [
      'hire',
      '{"name":"Ann","salary":1,"address":{"city":"Bern"},"others":[{"city":"Rom"},{}]}',
      INVALID,
    ],
    [
      'hire',
      '{"name":"Ann","salary":1,"address":{"city":"Bern"},"others":[{"city":"Rom"}]}',
      [true, true],
    ],
  ]);
});

describe('Params by a schema', () => {
  table('are what the schema returns; the request has what was sent', [
    ['range', '{"from":1}', [{ from: 1, to: 10 }, { from: 1 }]],
    [
      'range',
      '{"from":1,"to":2}',
      [
        { from: 1, to: 2 },
        { from: 1, to: 2 },
      ],
    ],
    ['strict', '{"a":"four"}', 4],
    ['allBySchema', '{"from":1}', { from: 1, to: 10 }],
  ]);

  table('are refused where the schema does not accept them', [
    ['range', '{}', INVALID],
    ['range', '{"from":"1"}', INVALID],
    ['strict', '{"a":"four","b":1}', INVALID],
    ['allBySchema', '{}', INVALID],
  ]);

  table('may be checked asynchronously', [
    ['slow', '{"name":"free"}', 'free'],
    ['slow', '{"name":"taken"}', INVALID],
  ]);
});

describe('Unchecked params', () => {
  table('come as they are', [
    ['reflect', '{}', {}],
    [
      'reflect',
      '{"a":[1,{"b":null}],"req":2}',
      { a: [1, { b: null }], req: 2 },
    ],
  ]);
});

describe('A command without parameters', () => {
  table('takes none', [
    ['nothing', '{}', 'nothing'],
    ['nothing', '{"a":1}', INVALID],
    ['nothing', '{"__proto__":1}', INVALID],
  ]);
});

describe('Named parameters', () => {
  table('have their defaults when they are absent', [
    ['log', '{"number":1}', 0],
    ['log', '{"number":8,"base":2}', 3],
    ['nullable', '{}', 'default'],
    ['types', '{}', {}],
  ]);

  table('that are null are null', [
    ['nullable', '{"value":null}', null],
    ['types', '{"any":null}', { any: null }],
  ]);

  table('are refused where one is missing or unknown', [
    ['log', '{}', INVALID],
    ['log', '{"base":2}', INVALID],
    ['log', '{"number":1,"bass":2}', INVALID],
    ['log', '{"number":1,"req":2}', INVALID],
    ['log', '{"number":1,"request":2}', INVALID],
    ['log', '{"number":1,"self":2}', INVALID],
    ['log', '{"number":1,"__proto__":2}', INVALID],
    ['log', '{"number":1,"constructor":2}', INVALID],
    ['log', '{"__proto__":{"number":1}}', INVALID],
  ]);

  table('of a primitive type are of that type', [
    ['types', '{"n":1.5,"s":"","b":false}', { n: 1.5, s: '', b: false }],
    ['types', '{"n":"1"}', INVALID],
    ['types', '{"n":true}', INVALID],
    ['types', '{"n":null}', INVALID],
    ['types', '{"n":[1]}', INVALID],
    ['types', '{"s":1}', INVALID],
    ['types', '{"s":{}}', INVALID],
    ['types', '{"b":0}', INVALID],
    ['types', '{"b":"true"}', INVALID],
    ['types', '{"any":[{"a":1}]}', { any: [{ a: 1 }] }],
  ]);

  table('of a class are instances of it', [
    ['point', '{"point":{"x":1}}', [true, 1]],
    ['point', '{"point":{"x":"1"}}', INVALID],
    ['point', '{"point":{"x":1,"y":1}}', INVALID],
    ['point', '{"point":1}', INVALID],
    ['point', '{"point":null}', INVALID],
    ['point', '{"point":[]}', INVALID],
    ['point', '{}', INVALID],
  ]);

  table('are checked by a schema', [
    ['even', '{"n":2}', 2],
    ['even', '{"n":3}', INVALID],
    ['even', '{}', INVALID],
    ['evenOption', '{}', 'none'],
    ['evenOption', '{"n":4}', 4],
    ['evenOption', '{"n":3}', INVALID],
    ['evenOption', '{"n":null}', INVALID],
    ['agree', '{"answer":"yes"}', true],
    ['agree', '{"answer":"no"}', INVALID],
  ]);

  table('go through pipes', [
    ['piped', '{"a":"7","b":1}', [7, 2]],
    ['piped', '{"a":"7"}', [7, 10]],
    ['piped', '{"a":"x"}', INVALID],
    ['piped', '{}', INVALID],
    ['piped', '{"a":"7","c":1}', INVALID],
  ]);

  table('may have the names of a prototype', [
    ['prototypes', '{"__proto__":1,"constructor":[2]}', [1, [2], 'default']],
    [
      'prototypes',
      '{"__proto__":1,"constructor":2,"toString":"x"}',
      [1, 2, 'x'],
    ],
    ['prototypes', '{"constructor":2}', INVALID],
    ['prototypes', '{"__proto__":1}', INVALID],
  ]);
});

describe('Other parameter decorators', () => {
  table('give all params, checked', [
    ['all', '{"number1":2,"number2":3}', [true, '/ws']],
    ['all', '{"number1":2}', INVALID],
    ['all', '{"number1":2,"number2":3,"x":1}', INVALID],
    ['both', '{"number1":2,"number2":3}', [5, 2]],
    ['both', '{"number2":3}', INVALID],
  ]);

  table('give the request and the client', [
    ['context', '{}', [true, true]],
    ['context', '{"client":1}', INVALID],
  ]);

  table("may be the application's own", [
    ['custom', '{"n":1}', ['from /ws', 1]],
    ['custom', '{"n":"1"}', INVALID],
    ['custom', '{}', INVALID],
  ]);
});
