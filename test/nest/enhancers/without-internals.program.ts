import 'reflect-metadata';
import {
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { RpcCommand, SnorkyModule, SnorkySetupError } from 'snorky';
import { connectClient } from 'snorky/testing';

/** Runs in a process of its own, with a Nest that has lost private parts. */
@Injectable()
class Deny implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class Never implements CanActivate {
  canActivate(context: { getHandler(): { name: string } }): boolean {
    return context.getHandler().name !== 'never';
  }
}

class Answers {
  @RpcCommand()
  open(): string {
    return 'open';
  }

  @UseGuards(Deny)
  @RpcCommand()
  closed(): string {
    return 'closed';
  }

  @RpcCommand()
  never(): string {
    return 'never';
  }
}

@Module({
  imports: [
    SnorkyModule.forRoot({ registries: { frontend: {} } }),
    SnorkyModule.forFeature([{ service: Answers, name: 'answers' }]),
  ],
  providers: [{ provide: APP_GUARD, useClass: Never }],
})
class AppModule {}

async function answers(): Promise<Record<string, unknown>> {
  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: false,
    abortOnError: false,
  });
  const client = await connectClient(app);
  const found: Record<string, unknown> = {};
  for (const command of ['open', 'closed', 'never']) {
    found[command] = await client
      .call('answers', command)
      .catch((error: Error) => error.message);
  }
  await app.close();
  return found;
}

answers().then(
  (found) => process.send?.(found),
  (error: unknown) => {
    const code = error instanceof SnorkySetupError ? error.code : String(error);
    process.send?.({ code });
  },
);
