import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const depcruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/* Puts a file with one import into a folder of src and returns the rules that it breaks. */
function rulesBrokenBy(folder: string, imported: string): string[] {
  const place = mkdtempSync(join(root, 'src', folder, 'trial-'));
  try {
    const up = '../'.repeat(folder.split('/').length + 1);
    const specifier = imported.startsWith('src/') ? `${up}${imported.slice('src/'.length)}` : imported;
    writeFileSync(
      join(place, 'trial.ts'),
      `import * as trial from '${specifier}';\nexport const used = trial;\n`,
    );
    const args = [
      depcruise,
      join(place, 'trial.ts'),
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'json',
    ];
    return brokenRules(args);
  } finally {
    rmSync(place, { recursive: true });
  }
}

function brokenRules(args: string[]): string[] {
  let output: string;
  try {
    output = execFileSync(process.execPath, args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const { summary } = JSON.parse(output) as { summary: { violations: { rule: { name: string } }[] } };
  return summary.violations.map(violation => violation.rule.name);
}

describe('the import rules', () => {
  test.each([
    ['domain', 'pg', 'domain-is-pure'],
    ['domain', 'node:fs', 'domain-is-pure'],
    ['application', 'uuid', 'application-sees-domain-only'],
    ['application', 'src/projections/projector.ts', 'application-sees-domain-only'],
    ['projections', 'src/infrastructure/memory/memory-store.ts', 'nobody-inside-imports-adapters'],
    ['infrastructure/memory', 'src/infrastructure/postgres/migrate.ts', 'memory-imports-no-sibling'],
    ['infrastructure/postgres', 'inversify', 'only-di-names-inversify'],
    ['infrastructure/postgres', '@opentelemetry/api', 'only-telemetry-names-opentelemetry'],
    ['infrastructure/memory', 'class-transformer', 'only-serialization-names-class-transformer'],
  ])('catch src/%s importing %s', (folder, imported, rule) => {
    expect(rulesBrokenBy(folder, imported)).toContain(rule);
  });
});

describe('the package', () => {
  test('has the subpaths of its folders, and typescript finds the same ones', () => {
    const { exports: subpaths } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: object;
    };
    const withIndex = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('index.ts'))
      .map(name => name.replace(/^infrastructure\//, '').replace(/\/?index\.ts$/, ''));
    const expected = withIndex.map(name => (name === '' ? '.' : `./${name}`)).sort();
    expect(
      Object.keys(subpaths)
        .filter(name => name !== './package.json')
        .sort(),
    ).toEqual(expected);
  });
});
