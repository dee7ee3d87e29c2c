import type { Recorded, StreamId } from '../../domain/index.ts';
import type { ReadStreamOptions } from '../../application/ports/event-store.ts';
import { copiedColumnsWith, readCopiedEvent } from './copied-event.ts';
import { copyFrom } from './copy-out.ts';
import { readStreamEvent } from './event-rows.ts';
import type { SqlClient, SqlRunner } from './sql-client.ts';
import type { Statements } from './statements.ts';

// Most streams end with the first page. What follows is long enough for COPY, and comes while the first is folded.
const [firstPageSize, pageSize] = [200, 1_000];
const maxVersion = 2_147_483_647;

const selectVersions = `
  select ${copiedColumnsWith('e.payload', 'e.metadata')}
  from annals.streams s join annals.events e on e.stream_ref = s.stream_ref
  where s.aggregate_id = $1::text and s.aggregate_type = $2::text
    and e.version between $3::integer and $4::integer`;
// As in the statements of the same names.
const copyForwards = `${selectVersions} order by e.version`;
const copyBackwards = `${selectVersions} and e.version > least($4::integer, s.version) - $5::integer
  order by e.version desc`;

/** What pages of a stream are read by. */
export interface StreamSource {
  readonly run: SqlRunner['run'];
  readonly copyOut: SqlClient['copyOut'];
  readonly statements: Statements;
}

/** The pages of one stream, a short one first. */
export class StreamPages {
  readonly #source: StreamSource;
  readonly #stream: StreamId;
  readonly #isBackwards: boolean;
  #from: number;
  #to: number;
  #isFirst = true;
  #isEnded = false;

  constructor(source: StreamSource, stream: StreamId, options: ReadStreamOptions) {
    this.#source = source;
    this.#stream = stream;
    this.#isBackwards = options.direction === 'backwards';
    // A page that is not full is the last one, so it must not begin where no version is.
    this.#from = Math.max(1, options.fromVersion ?? 1);
    this.#to = Math.min(options.toVersion ?? maxVersion, maxVersion);
  }

  /** The next page, of at most so many events; undefined behind the last one. */
  async next(most: number): Promise<readonly Recorded[] | undefined> {
    if (this.#isEnded || this.#from > this.#to || most === 0) return undefined;
    const size = Math.min(this.#isFirst ? firstPageSize : pageSize, most, this.#to - this.#from + 1);
    this.#isFirst = false;
    const events = (size >= copyFrom ? await this.#copy(size) : undefined) ?? (await this.#read(size));
    // Versions have no holes.
    if (events.length < size) this.#isEnded = true;
    else if (this.#isBackwards) this.#to = events.at(-1)!.version - 1;
    else this.#from += size;
    return events;
  }

  /* Never more than the versions of the page: the planner may read and sort whatever is within the bounds. */
  #bounds(
    size: number,
  ): readonly [from: number, to: number, rows: number] | readonly [from: number, to: number] {
    if (this.#isBackwards) return [this.#from, this.#to, size];
    return [this.#from, this.#from + size - 1];
  }

  async #read(size: number): Promise<readonly Recorded[]> {
    const { run, statements } = this.#source;
    const { aggregateId, aggregateType } = this.#stream;
    const name = this.#isBackwards ? 'read_stream_backwards' : 'read_stream_forwards';
    const rows = await run(statements.get(name), [aggregateId, aggregateType, ...this.#bounds(size)]);
    return rows.map(row => readStreamEvent(row, this.#stream));
  }

  async #copy(size: number): Promise<readonly Recorded[] | undefined> {
    const { copyOut, statements } = this.#source;
    const { aggregateId, aggregateType } = this.#stream;
    const parameters = [aggregateId, aggregateType, ...this.#bounds(size).map(String)];
    const rows = await copyOut(
      statements.inSchema(this.#isBackwards ? copyBackwards : copyForwards),
      parameters,
    );
    return rows?.map(row => readCopiedEvent(row) as Recorded);
  }
}
