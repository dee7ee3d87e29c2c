import type { DomainError } from 'annals';
import { formatTable } from './table.ts';

/** How often each rule refused a command, and what the caller was told the first time. */
export function formatRefusals(refusals: readonly DomainError[]): string {
  const codes = [...new Set(refusals.map(refusal => refusal.code))];
  return formatTable(
    `Refused by the rules of the shop: ${refusals.length} commands`,
    [
      { title: 'rule', of: code => code },
      { title: 'times', of: code => withCode(refusals, code).length, align: 'right' },
      {
        title: 'what the caller was told',
        of: code => withCode(refusals, code)[0]?.message ?? '',
        width: 60,
      },
    ],
    codes,
  );
}

function withCode(refusals: readonly DomainError[], code: string): readonly DomainError[] {
  return refusals.filter(refusal => refusal.code === code);
}
