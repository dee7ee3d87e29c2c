import { createHash } from 'node:crypto';
import { AnnalsError } from '../../domain/index.ts';
import type { SqlStatement } from './sql-client.ts';
import { migrationFiles, statementFiles } from './sql.generated.ts';

/** The schema that the .sql files are written for, so that psql can run them as they are. */
export const defaultSchema = 'annals';

/** A schema name that Annals refuses. */
export class InvalidSchemaName extends AnnalsError {
  readonly code = 'invalid-schema-name';
  readonly schema: string;

  constructor(schema: string) {
    super(
      `The schema name ${JSON.stringify(schema)} is not usable. ` +
        'Use up to 40 lower-case letters, digits and underscores, beginning with a letter but not with "pg_", ' +
        'and no word that SQL reserves.',
    );
    this.schema = schema;
  }
}

/** A numbered change of the schema. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
}

/** The statements and migrations of Annals, for one schema. */
export class Statements {
  readonly schema: string;
  readonly #byName = new Map<string, SqlStatement>();

  constructor(schema: string = defaultSchema) {
    if (!/^(?!pg_)[a-z][a-z0-9_]{0,39}$/.test(schema)) throw new InvalidSchemaName(schema);
    this.schema = schema;
    for (const [name, text] of Object.entries(statementFiles))
      this.#byName.set(name, this.#statement(name, text));
  }

  /** The channel on which stores of this schema tell each other of commits. */
  get channel(): string {
    return `annals_commits_${this.schema}`;
  }

  /** The channel on which processes tell each other who waits for which checkpoint. */
  get checkpointChannel(): string {
    return `annals_checkpoints_${this.schema}`;
  }

  /** The hot statement of this name, to be prepared. */
  get(name: keyof typeof statementFiles): SqlStatement {
    return this.#byName.get(name)!;
  }

  /** SQL written for the default schema, for this one. */
  inSchema(text: string): string {
    if (this.schema === defaultSchema) return text;
    return text
      .replaceAll(/\bannals\./g, `${this.schema}.`)
      .replaceAll('create schema if not exists annals;', `create schema if not exists ${this.schema};`);
  }

  /** All migrations, in order. */
  migrations(): readonly Migration[] {
    return Object.entries(migrationFiles).map(([name, text]) => ({
      number: Number.parseInt(name, 10),
      name,
      text: this.inSchema(text),
    }));
  }

  #statement(name: string, file: string): SqlStatement {
    const text = this.inSchema(file.replaceAll(/^--.*\n/gm, ''));
    return prepared(name, text);
  }
}

/** A statement to be prepared. It is known by its name alone, so the name tells one text from another. */
export function prepared(name: string, text: string): SqlStatement {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { name: `annals_${name}_${digest}`, text };
}
