import { describe, expect, test } from '@jest/globals';
import { otherDayMs, runInWeather } from '../../../../src/infrastructure/testing/scenario/weather.ts';

const dayMs = 24 * 60 * 60 * 1000;
const another = { shiftMs: otherDayMs, random: () => 0.5 };

describe('another weather', () => {
  test('moves the clock and chance for what runs in it, across waits', async () => {
    const seen = await runInWeather(another, async () => {
      await new Promise(resolve => setImmediate(resolve));
      return {
        byNew: new Date().getTime(),
        byNow: Date.now(),
        byCall: new Date(Date()).getTime(),
        random: Math.random(),
      };
    });
    expect(seen.byNew - Date.now()).toBeGreaterThan(399 * dayMs);
    expect(seen.byNow - Date.now()).toBeGreaterThan(399 * dayMs);
    expect(seen.byCall - Date.now()).toBeGreaterThan(399 * dayMs);
    expect(seen.random).toBe(0.5);
  });

  test('leaves everybody else alone at the same time', async () => {
    let goOn: () => void = () => undefined;
    const inside = runInWeather(another, () => new Promise<void>(resolve => (goOn = resolve)));
    expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(dayMs);
    expect(new Set([Math.random(), Math.random(), Math.random()]).size).toBeGreaterThan(1);
    goOn();
    await inside;
  });

  test('makes dates that are dates', async () => {
    const date = await runInWeather(another, async () => new Date(0));
    expect(date).toEqual(new Date(0));
    expect(date).toBeInstanceOf(Date);
    expect(await runInWeather(another, async () => new Date() instanceof Date && date instanceof Date)).toBe(
      true,
    );
    expect(await runInWeather(another, async () => Date.UTC(1970, 0))).toBe(0);
  });

  test('goes with a clock that a test has put in place', async () => {
    const real = Date;
    class Stopped extends real {
      static override now(): number {
        return 0;
      }
    }
    globalThis.Date = Stopped as DateConstructor;
    try {
      expect(Date.now()).toBe(0);
      expect(await runInWeather(another, async () => Date.now())).toBe(otherDayMs);
    } finally {
      globalThis.Date = real;
    }
    expect(Date).toBe(real);
  });
});
