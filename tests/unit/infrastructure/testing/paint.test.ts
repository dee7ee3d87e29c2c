import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { paint } from '../../../../src/infrastructure/testing/compare/paint.ts';

describe('colours', () => {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const isTTY = process.stderr.isTTY;
  beforeEach(() => {
    delete process.env.NO_COLOR;
    delete process.env.FORCE_COLOR;
  });
  afterEach(() => {
    if (NO_COLOR !== undefined) process.env.NO_COLOR = NO_COLOR;
    if (FORCE_COLOR !== undefined) process.env.FORCE_COLOR = FORCE_COLOR;
    process.stderr.isTTY = isTTY;
  });

  test('are for terminals', () => {
    process.stderr.isTTY = true;
    expect(paint('x', 'wrong')).toBe('\u001b[31mx\u001b[39m');
    process.stderr.isTTY = false;
    expect(paint('x', 'wrong')).toBe('x');
  });

  test('are asked for or refused by the environment', () => {
    process.stderr.isTTY = false;
    process.env.FORCE_COLOR = '1';
    expect(paint('x', 'wrong')).toBe('\u001b[31mx\u001b[39m');
    process.env.NO_COLOR = '1';
    expect(paint('x', 'wrong')).toBe('x');
    delete process.env.NO_COLOR;
    process.env.FORCE_COLOR = '0';
    process.stderr.isTTY = true;
    expect(paint('x', 'wrong')).toBe('x');
  });
});
