import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../../../..');
const script = `
  import { createApp, memory, silentLogger } from './src/infrastructure/di/index.ts';
  import { serveHttp } from './src/infrastructure/http/index.ts';
  const app = await createApp({ store: memory(), modules: [], logger: silentLogger });
  const error = await serveHttp(app, { access: 'anonymous', port: 0 }).catch(refusal => refusal);
  await app.stop();
  const { code, packageName, message } = error;
  console.log(JSON.stringify({ code, packageName, message }));
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'annals-bare-'));
  await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
  await cp(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'script.ts'), script);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/* The sources beside all packages but that one, as in an app that has not installed it. */
async function installAllBut(missing: string): Promise<void> {
  const [modules, installed] = [join(folder, 'node_modules'), join(root, 'node_modules')];
  await rm(modules, { recursive: true, force: true });
  await mkdir(join(modules, '@fastify'), { recursive: true });
  const names = (await readdir(installed)).filter(name => name !== '@fastify');
  const scoped = (await readdir(join(installed, '@fastify'))).map(name => `@fastify/${name}`);
  for (const name of [...names, ...scoped].filter(one => one !== missing)) {
    await symlink(join(installed, name), join(modules, name));
  }
}

test.each(['fastify', '@fastify/swagger', '@fastify/swagger-ui'])(
  'Serving over HTTP names %s',
  async name => {
    await installAllBut(name);
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'script.ts'], {
      cwd: folder,
    });
    expect(JSON.parse(stdout)).toEqual({
      code: 'missing-package',
      packageName: name,
      message: `The HTTP face needs the package "${name}". Install it: npm install ${name}`,
    });
  },
);
