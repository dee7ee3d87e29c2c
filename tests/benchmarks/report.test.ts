import { describe, expect, test } from '@jest/globals';
import type { Case } from '../../benchmarks/harness/benchmark.ts';
import { WrongUsage, readCommandLine } from '../../benchmarks/harness/command-line.ts';
import { ratioTo } from '../../benchmarks/harness/ratio.ts';
import { reportCase } from '../../benchmarks/harness/report.ts';
import type { ContenderResult } from '../../benchmarks/harness/run-case.ts';
import { percentile, spreadOf } from '../../benchmarks/harness/statistics.ts';

const rate = { name: 'rate', better: 'higher' } as const;
const p99 = { name: 'p99', better: 'lower' } as const;
const annals: ContenderResult = {
  name: 'Annals',
  kind: 'annals',
  samples: [
    { rate: 100, p99: 2 },
    { rate: 400, p99: 1 },
    { rate: 300, p99: 3 },
  ],
};
const peer: ContenderResult = {
  name: 'Peer',
  kind: 'peer',
  samples: [
    { rate: 50, p99: 8 },
    { rate: 100, p99: 8 },
    { rate: 100, p99: 6 },
  ],
};

describe('the figures of a benchmark', () => {
  test('are the median with the least and the greatest', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  test('have percentiles that some value reaches', () => {
    const values = Array.from({ length: 100 }, (_value, index) => index + 1);
    expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)]).toEqual([51, 100, 7]);
  });

  test('are compared round by round, above 1 where Annals is better', () => {
    expect(ratioTo(annals, peer, rate)).toEqual({ median: 3, min: 2, max: 4 });
    expect(ratioTo(annals, peer, p99)).toEqual({ median: 4, min: 2, max: 8 });
  });

  test('have no ratio where both are nothing', () => {
    const none: ContenderResult = { ...peer, samples: [{ rate: 0 }] };
    expect(ratioTo({ ...annals, samples: [{ rate: 0 }] }, none, rate)).toBeUndefined();
  });

  test('are printed with ratios, goals and failures', () => {
    const broken: ContenderResult = { name: 'Broken', kind: 'peer', samples: [], failure: 'it fell over' };
    const found: Case = {
      name: '32 callers',
      metrics: [rate, p99],
      contenders: [],
      goals: [
        { metric: 'rate', against: 'Peer', atLeast: 7 },
        { metric: 'p99', atMost: 5 },
      ],
    };
    expect(reportCase(found, [annals, peer, broken])).toEqual([
      '32 callers',
      '                    rate       p99   Annals ×',
      '  Annals   300 (100–400)   2 (1–3)',
      '  Peer      100 (50–100)   8 (6–8)    3 (2–4)',
      '  Broken               –         –          –',
      '  goal · rate: at least 7 × Peer · seen 3 (2–4)',
      '  goal · p99: at most 5 · seen 2 (1–3)',
      '  Broken failed: it fell over',
    ]);
  });
});

describe('the command line of the benchmarks', () => {
  test('reads names, rounds and settings', () => {
    const args = ['--only', 'append,feed', '--rounds', '5', '--set', 'callers=1,8', '--without-peers'];
    expect(readCommandLine(args)).toEqual({
      only: ['append', 'feed'],
      rounds: 5,
      isList: false,
      hasPeers: false,
      contenders: [],
      settings: { callers: '1,8' },
      jsonFile: undefined,
      serverUrl: undefined,
    });
  });

  test.each([[['--rounds', '0']], [['--set', 'callers']], [['--fast']]])('refuses %j', args => {
    expect(() => readCommandLine(args)).toThrow(WrongUsage);
  });
});
