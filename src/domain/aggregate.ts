import type { AggregateRoot } from './aggregate-root.ts';
import { AnnalsError } from './annals-error.ts';
import type { Class, DefaultConstructible } from './class.ts';
import { metadataKey } from './class-metadata.ts';
import { checkAggregateType } from './identifiers.ts';
import type { SnapshotOptions } from './snapshot-policy.ts';

/** A class that extends `AggregateRoot` and can be made without arguments. */
export type AggregateClass<A extends AggregateRoot = AggregateRoot> = DefaultConstructible<A>;

/** Options of `@Aggregate`. */
export interface AggregateOptions {
  /** Keeps the state now and then, so that a load begins there; default: every load folds all events. */
  readonly snapshots?: SnapshotOptions | undefined;
}

const aggregateKey = metadataKey<string>('aggregate');
const snapshotsKey = metadataKey<SnapshotOptions | undefined>('snapshots');

/**
 * Names the aggregate type under which the class's streams are stored: `@Aggregate('account')`.
 *
 * @throws {InvalidIdentifier} the name is blank, longer than 100 characters, not printable or has a slash
 */
export function Aggregate(
  aggregateType: string,
  { snapshots }: AggregateOptions = {},
): (aggregateClass: Class<AggregateRoot>) => void {
  checkAggregateType(aggregateType);
  return aggregateClass => {
    aggregateKey.write(aggregateClass, aggregateType);
    snapshotsKey.write(aggregateClass, snapshots);
  };
}

/** How `@Aggregate` asked for snapshots; undefined if it did not. */
export function snapshotOptionsOf(aggregateClass: Class): SnapshotOptions | undefined {
  return snapshotsKey.read(aggregateClass);
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
