/** An amount of money: `1,234.50 €`. */
export function formatCents(cents: number): string {
  const euros = new Intl.NumberFormat('en', { minimumFractionDigits: 2 }).format(cents / 100);
  return `${euros} €`;
}

/** The time of day, UTC: `09:30`. */
export function formatTime(time: Date): string {
  return time.toISOString().slice(11, 16);
}
