/**
 * Brings two decisions to the same moment: nobody appends before all have decided, then one after another.
 *
 * So the second always finds that the first was faster, in every run.
 */
export class Race {
  readonly #ready: readonly Signal[];
  readonly #ended: readonly Signal[];

  constructor(runners: number) {
    this.#ready = Array.from({ length: runners }, newSignal);
    this.#ended = Array.from({ length: runners }, newSignal);
  }

  /** What a runner has to wait for before it appends. */
  async beforeAppend(runner: number): Promise<void> {
    this.#ready[runner]!.send();
    await Promise.all(this.#ready.map(signal => signal.sent));
    await Promise.all(this.#ended.slice(0, runner).map(signal => signal.sent));
  }

  /** A runner has come to its end, whether it appended or not. */
  end(runner: number): void {
    this.#ready[runner]!.send();
    this.#ended[runner]!.send();
  }
}

interface Signal {
  readonly sent: Promise<void>;
  readonly send: () => void;
}

function newSignal(): Signal {
  let send: () => void = () => undefined;
  const sent = new Promise<void>(resolve => (send = resolve));
  return { sent, send };
}
