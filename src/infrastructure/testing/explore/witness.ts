import { formatStream } from '../../../domain/index.ts';
import type { StreamId } from '../../../domain/index.ts';
import { AggregateNotFound } from '../../../application/index.ts';
import { count, listOf } from '../compare/show.ts';
import { paint } from '../compare/paint.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import { errorsOf } from '../scenario/act.ts';
import type { Act } from '../scenario/act.ts';
import { describeError } from '../scenario/describe-error.ts';

// Random ids would fill the screen.
const maxStreams = 5;

interface Refusal {
  readonly first: Error;
  times: number;
}

/** Sees all stories of an exploration, and whether any of them concerned the aggregate that is looked at. */
export class Witness {
  readonly #name: string;
  readonly #subject: StreamId;
  readonly #others = new Map<string, StreamId>();
  readonly #refusals = new Map<string, Refusal>();
  #acts = 0;
  #hasSubjectChanged = false;

  constructor(name: string, subject: StreamId) {
    this.#name = name;
    this.#subject = subject;
  }

  /** Takes note of what was told. */
  see(acts: readonly Act[]): void {
    for (const act of acts) {
      this.#acts++;
      for (const event of act.events) this.#seeWritten(event);
      for (const error of errorsOf(act)) this.#seeRefused(error);
    }
  }

  /** Fails if the aggregate was never changed: then its invariants were checked on nothing. */
  refuseIdleness(runs: number): void {
    if (this.#hasSubjectChanged) return;
    const told = `${count(runs, 'run')} never changed ${formatStream(this.#subject)}, so nothing was checked.`;
    throw new ScenarioFailed([paint(told, 'loud'), '', ...this.#reasons(), ...this.#advice()].join('\n'));
  }

  #seeWritten({ aggregateType, aggregateId }: StreamId): void {
    const stream = { aggregateType, aggregateId };
    const name = formatStream(stream);
    if (name === formatStream(this.#subject)) this.#hasSubjectChanged = true;
    else this.#others.set(name, stream);
  }

  #seeRefused(error: Error): void {
    const seen = this.#refusals.get(error.name);
    if (seen === undefined) this.#refusals.set(error.name, { first: error, times: 1 });
    else seen.times++;
  }

  #reasons(): string[] {
    const names = [...this.#others.keys()];
    if (names.length > 0) {
      const more = names.length - maxStreams;
      const shown = more > 0 ? [...names.slice(0, maxStreams), `${more} more`] : names;
      return [`  They changed ${listOf(shown)}.`];
    }
    const refused = [...this.#refusals.values()].sort((a, b) => b.times - a.times);
    const total = refused.reduce((sum, { times }) => sum + times, 0);
    if (refused[0] === undefined) return [`  None of ${count(this.#acts, 'command')} stored an event.`];
    const all = total === this.#acts ? 'Every command was refused' : 'What was not refused stored nothing';
    return [
      `  ${all}. The most frequent refusal, ${refused[0].times} of ${count(this.#acts, 'time')}:`,
      ...describeError(refused[0].first),
    ];
  }

  /* The id that was probably meant. */
  #advice(): string[] {
    const missing = [...this.#refusals.values()].flatMap(({ first }) =>
      first instanceof AggregateNotFound ? [first.stream] : [],
    );
    const { aggregateType, aggregateId } = this.#subject;
    const meant = [...this.#others.values(), ...missing].find(
      stream => stream.aggregateType === aggregateType && stream.aggregateId !== aggregateId,
    );
    if (meant === undefined) return [];
    return [
      '',
      `  If ${formatStream(meant)} was meant, say so: explore(${this.#name}, { id: '${meant.aggregateId}', … }).`,
    ];
  }
}
