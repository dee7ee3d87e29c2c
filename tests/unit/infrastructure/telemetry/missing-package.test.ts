import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../../../..');
const script = `
  import { createApp, memory, silentLogger } from './src/infrastructure/di/index.ts';
  import { openTelemetry } from './src/infrastructure/telemetry/index.ts';
  const app = await createApp({ store: memory(), modules: [], logger: silentLogger });
  const stream = { aggregateType: 'account', aggregateId: 'a' };
  await app.events.append({ stream, expectedVersion: 'none', events: [{ type: 'account.opened', payload: {} }] });
  const { status } = await app.health.ready();
  await app.stop();
  const error = await openTelemetry().catch(refusal => refusal);
  const { code, packageName, message } = error;
  console.log(JSON.stringify({ status, code, packageName, message }));
`;

let folder: string;

/* The sources beside all packages but that one, as in an app that has not installed it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'annals-bare-'));
  await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
  await cp(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'script.ts'), script);
  await mkdir(join(folder, 'node_modules'));
  const installed = await readdir(join(root, 'node_modules'));
  for (const name of installed.filter(one => one !== '@opentelemetry')) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('An app works without OpenTelemetry, and asking for it names the package to install', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'script.ts'], {
    cwd: folder,
  });
  expect(JSON.parse(stdout)).toEqual({
    status: 'ok',
    code: 'missing-package',
    packageName: '@opentelemetry/api',
    message: 'Telemetry needs the package "@opentelemetry/api". Install it: npm install @opentelemetry/api',
  });
});
