import { describe, expect, test } from '@jest/globals';
import { Event, upcaster } from 'annals';
import type { Class, EventShape, Upcaster } from 'annals';
import { InvalidModules, createApp, defineModule, memory } from 'annals/di';

@Event('account.opened', { version: 3, aliases: ['account.registered'] })
class AccountOpened {}

@Event('account.renamed')
class AccountRenamed {}

const shape = (type: string, version: number): EventShape => ({ type, version });

function step(type: string, version: number, into?: EventShape): Upcaster {
  const target = into ?? shape(type, version + 1);
  return upcaster({ type, version, into: target, up: (payload: object) => payload });
}

const opened = [step('account.opened', 1), step('account.opened', 2)];

async function problemsOf(
  upcasters: readonly Upcaster[],
  events: readonly Class[] = [AccountOpened, AccountRenamed],
): Promise<readonly string[]> {
  try {
    const app = await createApp({ store: memory(), modules: [defineModule({ events, upcasters })] });
    await app.stop();
    return [];
  } catch (error) {
    if (error instanceof InvalidModules) return error.problems;
    throw error;
  }
}

describe('upcasters are refused at the start', () => {
  test('if there are two of one version, under whatever name', async () => {
    await expect(problemsOf([...opened, step('account.registered', 1)])).resolves.toEqual([
      'There are 2 upcasters of "account.opened" v1. Keep one.',
    ]);
  });

  test('if a version is left out', async () => {
    await expect(problemsOf([step('account.opened', 2)])).resolves.toEqual([
      '"account.opened" has upcasters, but none of v1. Write one for each version from 1 to 2.',
    ]);
    await expect(problemsOf([step('account.opened', 1)])).resolves.toEqual([
      '"account.opened" has upcasters, but none of v2. Write one for each version from 1 to 2.',
    ]);
    await expect(
      problemsOf([...opened, step('account.created', 9, shape('account.opened', 2))]),
    ).resolves.toEqual([
      '"account.created" has upcasters, but none of v1, v2, v3, v4, v5. Write one for each version from 1 to 9.',
    ]);
  });

  test('if they are of a version that is written today, or later', async () => {
    await expect(problemsOf([...opened, step('account.opened', 3)])).resolves.toEqual([
      'There is an upcaster of "account.opened" v3, but events of that class are written at v3. ' +
        "Raise it: @Event('account.opened', { version: 4 }); or leave out the class, if its events are read as another.",
    ]);
    await expect(
      problemsOf([...opened, step('account.renamed', 1, shape('account.opened', 3))]),
    ).resolves.toEqual([expect.stringContaining('There is an upcaster of "account.renamed" v1')]);
  });

  test('if they lead to a type that nobody knows', async () => {
    await expect(problemsOf([step('account.created', 1, shape('account.closed', 1))])).resolves.toEqual([
      'The upcaster of "account.created" v1 leads to "account.closed" v1, which no module knows and no upcaster takes ' +
        "further. List its class in a module's events.",
    ]);
    await expect(problemsOf([step('account.created', 1)])).resolves.toEqual([
      expect.stringContaining('leads to "account.created" v2, which no module knows'),
    ]);
  });

  test('if they lead to a version that is not written yet', async () => {
    await expect(
      problemsOf([...opened, step('account.created', 1, shape('account.registered', 4))]),
    ).resolves.toEqual([
      'The upcaster of "account.created" v1 leads to "account.opened" v4, but the class is at v3. ' +
        'Lead to a version from 1 to 3.',
    ]);
    await expect(
      problemsOf([step('account.opened', 1, shape('account.opened', 5)), step('account.opened', 2)]),
    ).resolves.toEqual([expect.stringContaining('leads to "account.opened" v5, but the class is at v3.')]);
  });

  test('if they lead in a circle', async () => {
    await expect(
      problemsOf([
        step('account.created', 1, shape('account.made', 1)),
        step('account.made', 1, shape('account.created', 1)),
      ]),
    ).resolves.toEqual([
      'Upcasters lead in a circle: "account.created" v1 → "account.made" v1 → "account.created" v1. ' +
        'Change the into of one.',
    ]);
    await expect(
      problemsOf([step('account.opened', 1), step('account.registered', 2, shape('account.opened', 1))]),
    ).resolves.toEqual([
      expect.stringContaining('"account.opened" v1 → "account.opened" v2 → "account.opened" v1'),
    ]);
  });

  test('with everything else that is wrong', async () => {
    class Unnamed {}
    const problems = await problemsOf(
      [step('account.created', 1, shape('account.closed', 1))],
      [Unnamed, AccountOpened],
    );
    expect(problems).toEqual([
      expect.stringContaining('Unnamed is used as an event'),
      expect.stringContaining('account.closed'),
    ]);
  });
});

describe('upcasters are accepted', () => {
  test('if they lead to a class without upcasters, at any of its versions', async () => {
    await expect(
      problemsOf([
        step('account.created', 1, shape('account.opened', 1)),
        step('account.made', 1, shape('account.opened', 3)),
      ]),
    ).resolves.toEqual([]);
  });

  test('through types of which there is no class any more', async () => {
    await expect(
      problemsOf([
        ...opened,
        step('account.made', 1),
        step('account.made', 2, shape('account.born', 1)),
        step('account.born', 1, shape('account.opened', 2)),
      ]),
    ).resolves.toEqual([]);
  });

  test('if one is listed by two modules', async () => {
    const module = defineModule({ events: [AccountOpened], upcasters: opened });
    const app = await createApp({ store: memory(), modules: [module, defineModule({ upcasters: opened })] });
    await app.stop();
  });
});
