// Embeds the .sql files of the PostgreSQL adapter in one TypeScript file, so that the package carries them.
// With --check it only says whether the file is up to date.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'src/infrastructure/postgres';
const target = join(folder, 'sql.generated.ts');

const text = `// Made from the .sql files of this folder by "npm run sql". Do not edit.

/** The numbered migrations, in order. */
export const migrationFiles: Readonly<Record<string, string>> = ${embed('migrations')};

/** The hot statements, by name. */
export const statementFiles = ${embed('statements')} as const;
`;

if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
} else if (readFileSync(target, 'utf8') !== text) {
  console.error(`${target} is behind the .sql files. Run "npm run sql" and commit the result.`);
  process.exit(1);
}

function embed(kind) {
  const names = readdirSync(join(folder, kind))
    .filter(name => name.endsWith('.sql'))
    .sort();
  const entries = names.map(name => [
    name.replace(/\.sql$/, ''),
    readFileSync(join(folder, kind, name), 'utf8'),
  ]);
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}
