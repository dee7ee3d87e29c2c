import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTypescript, { astToString } from 'openapi-typescript';
import type { OpenAPI3 } from 'openapi-typescript';
import ts from 'typescript';
import { createApp, memory, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { serveHttp } from 'annals/http';
import type { HttpServer } from 'annals/http';
import { prometheus } from 'annals/telemetry';
import { documentChecker, operationsOf } from '../e2e/http/support/documented.ts';
import { deskModule } from '../e2e/http/support/desk.ts';
import { secret } from '../e2e/http/support/tokens.ts';
import { bankModule } from '../support/bank.ts';

const root = join(import.meta.dirname, '../..');
const golden = join(import.meta.dirname, 'golden/openapi.json');

interface Document extends OpenAPI3 {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: unknown;
  readonly responses: Readonly<Record<string, object>>;
}

let app: App;
let server: HttpServer;
let document: Document;

beforeAll(async () => {
  app = await createApp({ store: memory(), modules: [bankModule, deskModule], logger: silentLogger });
  const access = { secret, issuer: 'https://issuer.example', audience: 'annals' };
  server = await serveHttp(app, { access, port: 0, metrics: prometheus(), webSockets: true });
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document;
});

afterAll(async () => {
  await server.close();
  await app.stop();
});

describe('The OpenAPI document', () => {
  test('is the one in its golden file', () => {
    const actual = `${JSON.stringify(document, null, 2)}\n`;
    // Run with UPDATE_GOLDEN=1 after a wanted change, and say in CHANGELOG.md what it means for readers.
    if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, actual);
    expect(existsSync(golden) ? readFileSync(golden, 'utf8') : '').toBe(actual);
  });

  test('tells of each operation what it is, what it answers, and whether it needs a token', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
    );
    for (const { name, summary, responses, security } of operations) {
      expect([name, summary]).toEqual([name, expect.stringMatching(/./)]);
      expect([name, Object.keys(responses)]).toEqual([name, expect.arrayContaining(['default'])]);
      expect([name, Object.keys(responses).length]).not.toEqual([name, 1]);
      const isOpen = name.includes('/health/') || name.endsWith('/status');
      expect([name, security]).toEqual([name, isOpen ? undefined : [{ token: [] }]]);
    }
    const ids = operations.map(({ operationId }) => operationId).filter(id => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('leaves out no address that is in the reference', () => {
    const reference = readFileSync(join(root, 'docs/reference/http.md'), 'utf8');
    const listed = [...reference.matchAll(/`(GET|POST|PUT|DELETE) (\/[^`\s?]*)/g)]
      .map(([, method, path]) => `${method} ${path}`)
      .filter(address => !/\{name\}`?$/.test(address) || !/commands|queries/.test(address));
    const served = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    );
    const notServed = listed.filter(address => !served.includes(address) && !/openapi|docs/.test(address));
    expect(notServed).toEqual([]);
    const ofMessages = /\/api\/v1\/(commands|queries)\//;
    expect(served.filter(address => !listed.includes(address) && !ofMessages.test(address))).toEqual([]);
  });
});

describe('The examples of the OpenAPI document', () => {
  test('are there for each body, each answer and each part of an address', () => {
    const missing = operationsOf(document).flatMap(({ name, parameters, body, answers }) => {
      const parts = [
        ...parameters.filter(({ in: place }) => place === 'path').map(each => [each.name, each] as const),
        ...answers.map(({ status, media }) => [status, media] as const),
        ['body', body] as const,
      ];
      const lacking = parts.filter(([, part]) => part?.examples.length === 0);
      return lacking.map(([part]) => `${part} of ${name}`);
    });
    expect(missing).toEqual([]);
  });

  test('are what their schemas say, and have no field that these do not know', () => {
    const problemsWith = documentChecker(document);
    const checked = operationsOf(document).flatMap(({ name, parameters, body, answers }) =>
      [...parameters, body, ...answers.map(({ media }) => media)].flatMap(part =>
        (part?.examples ?? []).map(example => ({
          name,
          example,
          problems: problemsWith(part!.schema, example),
        })),
      ),
    );
    expect(checked.length).toBeGreaterThan(100);
    expect(checked.filter(({ problems }) => problems.length > 0)).toEqual([]);
  });

  test('of parameters that may be left out are not filled in by Swagger UI', () => {
    const optional = operationsOf(document).flatMap(({ parameters }) =>
      parameters.filter(each => each.in !== 'path' && each.required !== true),
    );
    expect(optional.length).toBeGreaterThan(50);
    expect(optional.filter(({ isFilledIn }) => isFilledIn)).toEqual([]);
  });
});

describe('A client that is generated from the document', () => {
  const folder = ((): string => {
    mkdirSync(join(root, 'build'), { recursive: true });
    return mkdtempSync(join(root, 'build', 'openapi-'));
  })();

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('compiles, knows what there is, and refuses what there is not', async () => {
    const types = astToString(await openapiTypescript(document));
    writeFileSync(join(folder, 'annals.ts'), types);
    const [right, wrong] = [join(folder, 'program.ts'), join(folder, 'mistakes.ts')];
    writeFileSync(right, program);
    writeFileSync(wrong, mistakes);
    const problems = problemsOf([right, wrong]);
    expect(problems.filter(({ file }) => file !== wrong)).toEqual([]);
    expect(problems).toHaveLength(3);
  });
});

const program = `
import type { components, operations, paths } from './annals.ts';

type Event = components['schemas']['Event'];
type Answer<Route extends keyof paths, Method extends keyof paths[Route]> = paths[Route][Method] extends {
  responses: { 200: { content: { 'application/json': infer Body } } };
} ? Body : never;

export async function events(url: string): Promise<readonly Event[]> {
  const page = (await (await fetch(url + '/api/v1/events')).json()) as Answer<'/api/v1/events', 'get'>;
  return page.events;
}
const change: operations['command-change-email']['requestBody']['content']['application/json'] = {
  accountId: 'a-1',
  email: null,
};
const filter: NonNullable<paths['/api/v1/events']['get']['parameters']['query']> = { limit: 10, order: 'newest' };
const found: Answer<'/api/v1/projections', 'get'> = { projections: [] };
const lag: number | undefined = found.projections[0]?.lag?.events;
const asked: paths['/api/v1/queries/accounts']['get']['parameters'] = { query: { least: 5 } };
export const used = [change, filter, lag, asked];
`;

const mistakes = `
import type { components, operations, paths } from './annals.ts';
export const event: Pick<components['schemas']['Event'], 'event_number'> = { event_number: 'first' };
export const change: operations['command-change-email']['requestBody']['content']['application/json'] = { email: null };
export type Nowhere = paths['/api/v1/nowhere'];
`;

interface Problem {
  readonly file: string | undefined;
  readonly message: string;
}

function problemsOf(files: readonly string[]): readonly Problem[] {
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true, types: [] },
    ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext },
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  return ts.getPreEmitDiagnostics(ts.createProgram([...files], options)).map(({ file, messageText }) => ({
    file: file?.fileName,
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}
