import 'reflect-metadata';
import {
  Controller,
  Get,
  Injectable,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { SnorkySetupError } from 'snorky';

type Snorky = typeof import('snorky');

/** Two files that import the package by its name, and get a copy each. */
const [first, second] = process.argv.slice(2) as [string, string];
const a = (await import(first)) as Snorky;
const b = (await import(second)) as Snorky;

// Open, since the gateway below is listed in one of the applications only.
const registries = { frontend: { websocket: { path: '/ws', open: true } } };

/** Starts an application of copy `a`, with what else it is made of. */
async function start(
  metadata: ModuleMetadata,
  { SnorkyModule } = a,
  { SnorkyWsAdapter } = a,
): Promise<void> {
  @Module({
    ...metadata,
    imports: [
      SnorkyModule.forRoot({ registries }),
      ...(metadata.imports ?? []),
    ],
  })
  class Program {}
  const app = await NestFactory.create(Program, {
    logger: false,
    abortOnError: false,
  });
  try {
    app.useWebSocketAdapter(new SnorkyWsAdapter(app));
    await app.init();
  } finally {
    await app.close();
  }
}

@b.SnorkyService('calculator')
class Calculator {
  @b.RpcCommand()
  answer(): number {
    return 42;
  }
}

class Half {
  @b.RpcCommand()
  answer(): number {
    return 42;
  }
}

@a.SnorkyService('whole')
class Whole extends Half {}

@a.SnorkyService('plain')
class Plain {
  @a.RpcCommand()
  answer(): number {
    return 42;
  }
}

@b.SnorkyGateway('frontend')
class Gateway {}

class Publish extends b.PubSubService {}

class Tasks extends b.BroadcastDealer {
  readonly model = 'Task';
}

@Controller('tasks')
class TasksController {
  @Get()
  @b.Subscribable('Tasks')
  list(): void {}
}

@Injectable()
class User {
  constructor(readonly pubsub: InstanceType<Snorky['PubSubService']>) {}
}
// As the compiler writes it for an imported class.
Reflect.defineMetadata('design:paramtypes', [b.PubSubService], User);

const CASES: Readonly<Record<string, () => Promise<void>>> = {
  'a bundled module': () => start({ imports: [b.PubSubModule.register()] }),
  'the root module': () => start({ imports: [a.PubSubModule.register()] }, b),
  'two root modules': () =>
    start({ imports: [b.SnorkyModule.forRoot({ registries })] }),
  'a feature': () =>
    start({
      imports: [b.SnorkyModule.forFeature([{ service: Plain, name: 'plain' }])],
    }),
  'the decorators of a service': () => start({ providers: [Calculator] }),
  'the decorators of commands': () => start({ providers: [Whole] }),
  'the decorator of a gateway': () => start({ providers: [Gateway] }),
  'the base class of a bundled service': () =>
    start({
      imports: [a.PubSubModule.register({ service: Publish as never })],
    }),
  'the base class of a dealer': () =>
    start({
      imports: [a.DataSyncModule.register({ dealers: [Tasks as never] })],
    }),
  'the base class of a dealer, as an instance': () =>
    start({
      imports: [a.DataSyncModule.register({ dealers: [new Tasks() as never] })],
    }),
  'the decorator of a route': () =>
    start({
      imports: [a.DataSyncModule.register({ dealers: [] })],
      controllers: [TasksController],
    }),
  'the adapter': () => start({ providers: [Plain] }, a, b),
  'a class that is injected': () =>
    start({ imports: [a.PubSubModule.register()], providers: [User] }),
  nothing: () =>
    start({ imports: [a.PubSubModule.register()], providers: [Plain] }),
  'another application': () =>
    start({ imports: [b.PubSubModule.register()] }, b, b),
};

const outcomes: Record<string, unknown> = {};
for (const [name, begin] of Object.entries(CASES)) {
  outcomes[name] = await begin().then(
    () => 'started',
    ({ code, message }: SnorkySetupError) => ({ code, message }),
  );
}
console.log(JSON.stringify(outcomes));
