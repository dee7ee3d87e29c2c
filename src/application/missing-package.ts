import { AnnalsError } from '../domain/index.ts';

/** An optional package is not installed. */
export class MissingPackage extends AnnalsError {
  readonly code = 'missing-package';
  readonly packageName: string;

  constructor(packageName: string, purpose: string, cause: unknown) {
    super(`${purpose} needs the package "${packageName}". Install it: npm install ${packageName}`, { cause });
    this.packageName = packageName;
  }
}
