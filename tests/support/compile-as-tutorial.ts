import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');

/** What the compiler says of these files, and only of these, with the `tsconfig.json` of the tutorial. */
export function problemsAsInTutorial(files: readonly string[]): string[] {
  const program = ts.createProgram([...files], { ...tutorialOptions(), rootDir: root });
  // Annals itself is compiled with stricter flags, and reaches a reader as declarations.
  return files
    .flatMap(file => [...program.getSemanticDiagnostics(program.getSourceFile(file))])
    .map(problem => ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
}

function tutorialOptions(): ts.CompilerOptions {
  const page = readFileSync(join(root, 'docs/tutorial/first-aggregate.md'), 'utf8');
  const [, flags] = /^And in `tsconfig\.json`:\n\n```json\n([^]*?)^```$/m.exec(page)!;
  const { compilerOptions } = JSON.parse(flags!) as { compilerOptions: object };
  const { paths } = ts.readConfigFile(join(root, 'tsconfig.json'), path => readFileSync(path, 'utf8')).config
    .compilerOptions as { paths: object };
  return ts.convertCompilerOptionsFromJson({ ...compilerOptions, paths }, root).options;
}
