import { once } from 'node:events';
import { createApp } from 'annals/di';
import { serveHttp } from 'annals/http';
import { prometheus } from 'annals/telemetry';
import { WrongUsage, help, readCommandLine } from './command-line.ts';
import type { ServiceOptions } from './command-line.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readCommandLine(args, process.env);
    if (options === 'help') console.log(help);
    else await serveUntilStopped(options);
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    if (!(error instanceof WrongUsage)) return 1;
    console.error(`\n${help}`);
    return 2;
  }
}

async function serveUntilStopped({ store, serve }: ServiceOptions): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const metrics = prometheus();
  await using app = await createApp({ store, modules: [], telemetry: metrics });
  await using server = await serveHttp(app, { ...serve, metrics });
  console.log(`Events are served at ${server.url}/api/v1/events. Ctrl-C ends it.`);
  await stopped;
}
