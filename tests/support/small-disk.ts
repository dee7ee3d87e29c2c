import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { unprivilegedUser } from './postgres-server.mjs';

type Shell = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A disk of a few megabytes in memory, which a test can fill and free.
 *
 * It is a tmpfs in a mount namespace of its own: that needs Linux with user namespaces, but no root, and it is gone with
 * the last process in there, however the test ends. What shall see the disk is started by way of `enter`.
 */
export class SmallDisk implements AsyncDisposable {
  /** Where the disk is, for those inside. */
  readonly folder: string;
  readonly #shell: Shell;
  readonly #lines: AsyncIterator<string>;

  private constructor(folder: string, shell: Shell) {
    this.folder = folder;
    this.#shell = shell;
    this.#lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
  }

  /** @throws if this machine lets nobody make such a disk; the message says what is missing */
  static async create(megabytes: number): Promise<SmallDisk> {
    const user = unprivilegedUser();
    const folder = await mkdtemp(join(tmpdir(), 'annals-disk-'));
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid!);
    const mount = `mount -t tmpfs -o size=${megabytes}m,mode=0700 tmpfs "$0" && exec sh`;
    const options = ['--user', '--map-root-user', '--mount', 'sh', '-c', mount, folder];
    const shell = spawn('unshare', options, { ...user, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
    shell.on('error', () => undefined);
    shell.stdin.on('error', () => undefined);
    const complaints: string[] = [];
    shell.stderr.on('data', text => complaints.push(String(text)));
    const disk = new SmallDisk(folder, shell);
    if ((await disk.run('true')) !== 'done') {
      await rm(folder, { recursive: true });
      throw new Error(
        `No small disk could be made, so nobody knows what happens when the disk is full: ${complaints.join('')}` +
          'Run the tests on Linux where user namespaces are allowed (sysctl kernel.unprivileged_userns_clone=1, ' +
          'kernel.apparmor_restrict_unprivileged_userns=0).',
      );
    }
    return disk;
  }

  /** What to put before a command, so that it sees the disk; it keeps the command's process id. */
  get enter(): readonly string[] {
    const inside = [
      'nsenter',
      `--target=${this.#shell.pid}`,
      '--user',
      '--mount',
      '--preserve-credentials',
      '--',
    ];
    // Not as root, which PostgreSQL refuses to run as.
    return [...inside, 'unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
  }

  /** Leaves no free byte. */
  async fill(): Promise<void> {
    await this.run(`cat /dev/zero > ${this.folder}/ballast 2> /dev/null`);
  }

  /** Frees what `fill` has taken. */
  async free(): Promise<void> {
    await this.run(`rm ${this.folder}/ballast`);
  }

  /** Runs a line of shell inside, as the owner of the disk; 'done' at its end, undefined if there is no inside. */
  async run(line: string): Promise<string | undefined> {
    this.#shell.stdin.write(`${line}\necho done\n`);
    const { value } = (await this.#lines.next()) as { value?: string };
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#shell, 'exit');
    this.#shell.stdin.end();
    await exit;
    await rm(this.folder, { recursive: true, force: true });
  }
}
