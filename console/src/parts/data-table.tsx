import type { JSX, ReactNode } from 'react';
import { TableFrame } from './table-frame.tsx';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** `head`: names the row; `end`: buttons at its end; `short`: never broken. */
  readonly kind?: 'head' | 'end' | 'short';
}

interface Props<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
}

export function DataTable<Row>({ label, rows, columns, keyOf }: Props<Row>): JSX.Element {
  return (
    <TableFrame label={label}>
      <table className="table stacks">
        <thead>
          <tr>
            {columns.map(({ title, kind }) => (
              <th key={title} scope="col" className={kind === 'end' ? 'is-end' : undefined}>
                {kind === 'end' ? <span className="unseen">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <Cell key={column.title} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }): JSX.Element {
  const content = column.cell(row);
  if (column.kind === 'head') return <th scope="row">{content}</th>;
  const isEmpty = content === '' || content === null;
  const classes = [column.kind !== undefined && `is-${column.kind}`, isEmpty && 'is-empty'].filter(Boolean);
  return (
    <td data-label={column.title} className={classes.join(' ') || undefined}>
      {content}
    </td>
  );
}
