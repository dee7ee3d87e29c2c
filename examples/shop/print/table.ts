import Table from 'cli-table3';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number;
  readonly align?: 'left' | 'right';
  /** Width of the text, in characters; longer text is wrapped. Default: as wide as needed. */
  readonly width?: number;
}

// Lines between the rows would double the height of every table; the one under the head is put back below.
const noLineBetweenRows = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

/** Rows under a title, as text. */
export function formatTable<Row>(
  title: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const table = new Table({
    head: columns.map(column => column.title),
    colAligns: columns.map(column => column.align ?? 'left'),
    colWidths: columns.map(({ width }) => (width === undefined ? null : width + 2)),
    chars: noLineBetweenRows,
    style: { head: [], border: [] },
    wordWrap: true,
  });
  for (const row of rows) table.push(columns.map(column => String(column.of(row))));
  return `\n${title}\n${underlineHead(table.toString())}`;
}

function underlineHead(table: string): string {
  const [top = '', head = '', ...rows] = table.split('\n');
  const line = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤');
  return [top, head, line, ...rows].join('\n');
}
