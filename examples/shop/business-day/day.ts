const msPerMinute = 60_000;
const msPerDay = 24 * 60 * msPerMinute;
const firstDayMs = Date.UTC(2026, 0, 5);

/** When the shop opens and closes, in minutes after midnight. */
export const openingTime = clockTime('08:00');
export const closingTime = clockTime('20:00');

/** A business day, counted from 1: Monday, 5 January 2026. All times are UTC. */
export class Day {
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }

  /** The day on which `time` lies. */
  static of(time: Date): Day {
    return new Day(Math.floor((time.getTime() - firstDayMs) / msPerDay) + 1);
  }

  /** The day after this one. */
  next(): Day {
    return new Day(this.number + 1);
  }

  /** So many minutes after midnight. */
  at(minutes: number): Date {
    return new Date(firstDayMs + (this.number - 1) * msPerDay + minutes * msPerMinute);
  }

  /** E.g. `2026-01-05`. */
  get isoDate(): string {
    return this.at(0).toISOString().slice(0, 10);
  }

  /** E.g. `Monday, 5 January 2026`. */
  get name(): string {
    const format = {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      timeZone: 'UTC',
    } as const;
    return new Intl.DateTimeFormat('en-GB', format).format(this.at(0));
  }
}

/** Minutes after midnight: 570 for `09:30`. */
export function clockTime(text: `${number}:${number}`): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}
