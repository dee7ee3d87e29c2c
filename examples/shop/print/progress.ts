import { Presets, SingleBar } from 'cli-progress';
import { formatTime } from './format.ts';

/** Shows how far the day has come. */
export interface Progress {
  /** One more command is done; it is `time` in the shop. */
  advance(time: Date): void;
  /** Leaves the line, whether the day is over or not. */
  end(): void;
}

/** A bar on a terminal; elsewhere, in a log say, a line each quarter of the day. */
export function showProgress(total: number, output: NodeJS.WriteStream): Progress {
  return output.isTTY ? progressBar(total, output) : progressLines(total, output);
}

function progressBar(total: number, stream: NodeJS.WriteStream): Progress {
  const format = '{time}  {bar}  {value} of {total} commands';
  const bar = new SingleBar({ format, stream, barsize: 50, hideCursor: true }, Presets.shades_classic);
  bar.start(total, 0, { time: '08:00' });
  return {
    advance: time => bar.increment(1, { time: formatTime(time) }),
    end: () => bar.stop(),
  };
}

function progressLines(total: number, output: NodeJS.WriteStream): Progress {
  const step = Math.ceil(total / 4);
  let done = 0;
  return {
    advance(time) {
      done++;
      if (done % step === 0 || done === total) {
        output.write(`${formatTime(time)}  ${done} of ${total} commands\n`);
      }
    },
    end: () => undefined,
  };
}
