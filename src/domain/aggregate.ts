import type { AggregateRoot } from './aggregate-root.ts';
import { AnnalsError } from './annals-error.ts';
import type { Class, DefaultConstructible } from './class.ts';
import { metadataKey } from './class-metadata.ts';
import { checkAggregateType } from './identifiers.ts';

/** A class that extends `AggregateRoot` and can be made without arguments. */
export type AggregateClass<A extends AggregateRoot = AggregateRoot> = DefaultConstructible<A>;

const aggregateKey = metadataKey<string>('aggregate');

/**
 * Names the aggregate type under which the class's streams are stored: `@Aggregate('account')`.
 *
 * @throws {InvalidIdentifier} the name is blank, longer than 100 characters, not printable or has a slash
 */
export function Aggregate(aggregateType: string): (aggregateClass: Class<AggregateRoot>) => void {
  checkAggregateType(aggregateType);
  return aggregateClass => aggregateKey.write(aggregateClass, aggregateType);
}

/** The name given to `@Aggregate`. @throws {AggregateNotNamed} the class is not decorated */
export function aggregateTypeOf(aggregateClass: Class): string {
  const aggregateType = aggregateKey.read(aggregateClass);
  if (aggregateType === undefined) throw new AggregateNotNamed(aggregateClass.name);
  return aggregateType;
}

/** A class was used as an aggregate, but has no `@Aggregate` name to store its streams under. */
export class AggregateNotNamed extends AnnalsError {
  readonly code = 'aggregate-not-named';
  readonly className: string;

  constructor(className: string) {
    super(
      `${className} is used as an aggregate but has no name. ` +
        `Decorate the class: @Aggregate('name') class ${className} extends AggregateRoot.`,
    );
    this.className = className;
  }
}
