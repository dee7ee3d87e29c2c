import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');
const { exports: subpaths } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, { types: string } | string>;
};
const entries = Object.entries(subpaths)
  .filter((entry): entry is [string, { types: string }] => typeof entry[1] === 'object')
  .map(([subpath, { types }]) => ({
    subpath,
    source: join(root, types.replace('./dist', 'src').replace('.d.ts', '.ts')),
    golden: join(
      root,
      'tests/architecture/golden',
      `api-${subpath.replace(/^\.\/?/, '').replace('/', '-') || 'annals'}.txt`,
    ),
  }));

const config = ts.readConfigFile(join(root, 'tsconfig.json'), path => readFileSync(path, 'utf8'));
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
const program = ts.createProgram(
  entries.map(entry => entry.source),
  options,
);
const checker = program.getTypeChecker();
const format: ts.TypeFormatFlags = ts.TypeFormatFlags.NoTruncation;

interface PublicExport {
  readonly name: string;
  readonly symbol: ts.Symbol;
}

function exportsOf(source: string): PublicExport[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(source)!)!;
  return checker
    .getExportsOfModule(module)
    .map(symbol => ({ name: symbol.name, symbol: aliased(symbol) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function aliased(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/* One line an export, one indented line a member: what a team can see and could break by. */
function describeExport({ name, symbol }: PublicExport): string {
  const declaration = symbol.declarations![0]!;
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
    const kind = ts.isClassDeclaration(declaration) ? 'class' : 'interface';
    const own = declaration.members.filter(isVisible).map(member => `  ${signature(member)}`);
    return [`${kind} ${name}`, ...own.sort()].join('\n');
  }
  if (ts.isTypeAliasDeclaration(declaration)) return `type ${name} = ${oneLine(declaration.type.getText())}`;
  return `${name}: ${checker.typeToString(checker.getTypeOfSymbol(symbol), undefined, format)}`;
}

function isVisible(member: ts.ClassElement | ts.TypeElement): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return false;
  if (ts.isClassStaticBlockDeclaration(member)) return false;
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  return !modifiers.some(modifier => modifier.kind === ts.SyntaxKind.PrivateKeyword);
}

function signature(member: ts.ClassElement | ts.TypeElement): string {
  const text = member.getText();
  const body = (member as { body?: ts.Node }).body;
  const head = body === undefined ? text : text.slice(0, body.getStart() - member.getStart());
  return oneLine(head.replace(/\/\*\*[^]*?\*\//g, '').replace(/ = .*$/s, ''));
}

function oneLine(text: string): string {
  return text
    .replace(/\/\*\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

describe('the public API', () => {
  test.each(entries)('of annals $subpath is the one in its golden file', ({ source, golden }) => {
    const actual = `${exportsOf(source).map(describeExport).join('\n')}\n`;
    // Run with UPDATE_GOLDEN=1 after a wanted change, and say in CHANGELOG.md what it means for readers.
    if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, actual);
    expect(existsSync(golden) ? readFileSync(golden, 'utf8') : '').toBe(actual);
  });

  test.each(entries)('of annals $subpath is documented', ({ source }) => {
    const silent = exportsOf(source).filter(
      ({ symbol }) => ts.displayPartsToString(symbol.getDocumentationComment(checker)) === '',
    );
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
