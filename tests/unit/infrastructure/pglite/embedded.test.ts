import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CommandBus, EventHandler, On, Projector, StoreUnavailable } from 'annals';
import type { Recorded } from 'annals';
import { inject } from 'inversify';
import {
  DataFolderInUse,
  InvalidDataFolder,
  createApp,
  defineModule,
  embedded,
  silentLogger,
} from 'annals/di';
import { AccountOpened, Balances, Deposit, OpenAccount, bankModule } from '../../../support/bank.ts';

@Projector('welcome')
class Welcome extends EventHandler {
  constructor(@inject(CommandBus) private readonly commands: CommandBus) {
    super();
  }
  @On(AccountOpened) async opened(event: Recorded<AccountOpened>) {
    await this.commands.dispatch(new Deposit(event.aggregateId, 1));
  }
}

describe('embedded', () => {
  const modules = [bankModule, defineModule({ projectors: [Welcome] })];
  const logger = silentLogger;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'annals-embedded-'));
  });

  afterAll(async () => rm(folder, { recursive: true, force: true }));

  test('keeps events and read models, lets reactions append, and locks its folder', async () => {
    const dataDir = join(folder, 'data');
    const first = await createApp({ store: embedded(dataDir), modules, logger });
    await first.commands.dispatch(new OpenAccount('a', 'Ada'));
    await first.projections.catchUp();
    await first.projections.catchUp();
    await expect(first.readModels.of(Balances).get('a')).resolves.toEqual({ balance: 1 });
    const second = createApp({ store: embedded(dataDir), modules, logger });
    await expect(second).rejects.toThrow(DataFolderInUse);
    await expect(second).rejects.toMatchObject({ dataDir, pid: process.pid });
    await first.stop();

    await using again = await createApp({ store: embedded(dataDir), modules, logger });
    await again.commands.dispatch(new Deposit('a', 5), { waitFor: [Balances] });
    await expect(again.readModels.of(Balances).get('a')).resolves.toEqual({ balance: 6 });
  });

  test('refuses a folder that a running process holds, and takes one that a dead process left', async () => {
    const dataDir = join(folder, 'other');
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(`${dataDir}.lock`, JSON.stringify({ pid: other.pid, host: hostname(), token: 'other' }));
    const refused = createApp({ store: embedded(dataDir), modules, logger });
    await expect(refused).rejects.toMatchObject({ code: 'data-folder-in-use', pid: other.pid });
    const ended = new Promise(resolve => other.once('exit', resolve));
    other.kill();
    await ended;
    await using app = await createApp({ store: embedded(dataDir), modules, logger });
    const holder = JSON.parse(await readFile(`${dataDir}.lock`, 'utf8')) as { pid: number };
    expect(holder.pid).toBe(process.pid);
    await expect(app.projections.list()).resolves.toHaveLength(2);
  });

  test.each([
    ['the same folder through a link', (): string => join(folder, 'link', 'data')],
    ['its file URL', (): string => pathToFileURL(join(folder, 'real dir', 'data')).href],
  ])('refuses %s while it is open', async (_how, spelling) => {
    const real = join(folder, 'real dir');
    await mkdir(real, { recursive: true });
    await symlink(real, join(folder, 'link')).catch(() => undefined);
    const dataDir = join(real, 'data');
    const first = await createApp({ store: embedded(dataDir), modules, logger });
    const second = createApp({ store: embedded(spelling()), modules, logger });
    await expect(second).rejects.toThrow(DataFolderInUse);
    await expect(second).rejects.toMatchObject({ dataDir: spelling(), pid: process.pid });
    await first.stop();
    await using again = await createApp({ store: embedded(spelling()), modules, logger });
    await expect(createApp({ store: embedded(dataDir), modules, logger })).rejects.toThrow(DataFolderInUse);
    await expect(again.projections.list()).resolves.toHaveLength(2);
    await expect(readdir(real)).resolves.toEqual(['data', 'data.lock']);
  });

  test.each(['idb://bank', 'postgres://localhost/bank', 'file://bank/data', 'MEMORY://', ' '])(
    'refuses "%s", which names no folder',
    async dataDir => {
      const refused = createApp({ store: embedded(dataDir), modules, logger });
      await expect(refused).rejects.toThrow(InvalidDataFolder);
      await expect(refused).rejects.toMatchObject({ code: 'invalid-data-folder', dataDir });
    },
  );

  test('keeps nothing in memory, so that several may be open', async () => {
    await using first = await createApp({ store: embedded('memory://'), modules, logger });
    await using second = await createApp({ store: embedded('memory://'), modules, logger });
    await first.commands.dispatch(new OpenAccount('a', 'Ada'));
    await expect(second.events.countByType()).resolves.toEqual({});
  });

  test('names a folder that cannot be made', async () => {
    const refused = createApp({ store: embedded('/dev/null/x'), modules, logger });
    await expect(refused).rejects.toThrow(StoreUnavailable);
    await expect(refused).rejects.toThrow('The data folder "/dev/null/x" could not be opened.');
  });
});
