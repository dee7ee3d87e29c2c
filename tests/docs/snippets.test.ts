import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
// Loaded here, so that it can watch the scenarios of the snippets.
import 'annals/testing';
import { problemsAsInTutorial } from '../support/compile-as-tutorial.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', ...docPages()];

interface Snippet {
  readonly page: string;
  readonly number: number;
  readonly code: string;
}

function docPages(): string[] {
  const names = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return names.filter(name => name.endsWith('.md')).map(name => `docs/${name}`);
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match, index) => ({
    page,
    number: index + 1,
    code: match[1]!,
  }));
}

/* A snippet may contain tests; here each of them runs when the snippet gets to it. */
const prelude =
  'const test = (_name: string, run: () => PromiseLike<unknown>) => { tests.push(run); };\nexport const tests: (() => PromiseLike<unknown>)[] = [];\n';

describe('every TypeScript snippet', () => {
  const snippets = pages.flatMap(snippetsOf);
  let folder: string;
  let dataDir: string;

  beforeAll(() => {
    mkdirSync(join(root, 'build'), { recursive: true });
    folder = mkdtempSync(join(root, 'build', 'snippets-'));
    dataDir = join(folder, 'data');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write({ page, number, code }: Snippet): string {
    const file = join(folder, `${page.replace(/\W+/g, '-')}-${number}.ts`);
    // The data of a snippet goes where the test removes it, and its app is stopped.
    const runnable = code.replaceAll("'./data'", JSON.stringify(dataDir));
    const stop =
      /\bapp\b = await createApp/.test(code) && !code.includes('app.stop()') ? '\nawait app.stop();\n' : '';
    writeFileSync(file, `${prelude}${runnable}${stop}\nexport {};\n`);
    return file;
  }

  test.each(snippets.map(snippet => [`${snippet.page} ${snippet.number}`, snippet] as const))(
    'of %s runs',
    async (_name, snippet) => {
      const { tests } = (await import(write(snippet))) as { tests: (() => PromiseLike<unknown>)[] };
      for (const run of tests) await run();
      const promised = [...snippet.code.matchAll(/^\s*test\(/gm)].length;
      expect(tests).toHaveLength(promised);
    },
  );

  test('compiles', () => {
    const ambient = join(root, 'src/infrastructure/serialization/class-transformer-storage.d.ts');
    const files = [...snippets.map(write), ambient];
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), path => readFileSync(path, 'utf8'));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const program = ts.createProgram(files, { ...options, rootDir: root });
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(problem => ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
    expect(problems).toEqual([]);
  });

  test('compiles with the flags of the tutorial', () => {
    expect(problemsAsInTutorial(snippets.map(write))).toEqual([]);
  });
});

describe('every relative link', () => {
  test.each([...pages, 'ARCHITECTURE.md', 'CONTRIBUTING.md'])('of %s leads to a file', page => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)]
      .map(match => match[1]!)
      .filter(link => !link.includes('://'));
    const broken = links.filter(
      link =>
        !ts.sys.fileExists(join(root, page, '..', link)) &&
        !ts.sys.directoryExists(join(root, page, '..', link)),
    );
    expect(broken).toEqual([]);
  });
});
