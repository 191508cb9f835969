import type { ComponentChildren } from 'preact';
import { join } from './join';
import styles from './table.module.css';

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ComponentChildren;
  /** Numbers stand at the right. */
  number?: boolean;
  /** Stays in one line. */
  short?: boolean;
}

export interface TableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  onOpen?: (row: T) => void;
  current?: string | null;
}

/** A table for some hundred rows; the first column heads its row. On phones each row is a block, with
 * the columns' titles beside what it has. */
export function Table<T>({ label, columns, rows, keyOf, onOpen, current }: TableProps<T>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <div class={styles.scroller} tabIndex={0} role="region" aria-label={label}>
      <table class={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={styleOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const key = keyOf(row);
            return (
              <tr key={key} aria-current={key === current || undefined}>
                {columns.map((column, index) => {
                  const Cell = index === 0 ? 'th' : 'td';
                  const scope = index === 0 ? { scope: 'row' as const } : {};
                  const content = column.cell(row);
                  const isEmpty = content === '' || content === false || content == null;
                  return (
                    <Cell
                      key={column.key}
                      {...scope}
                      class={join(styleOf(column), isEmpty && styles.empty)}
                    >
                      {index > 0 && (
                        <span class={styles.title} aria-hidden="true">
                          {column.title}
                        </span>
                      )}
                      {index === 0 && onOpen ? (
                        <button type="button" class={styles.open} onClick={() => onOpen(row)}>
                          {content}
                        </button>
                      ) : (
                        content
                      )}
                    </Cell>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function styleOf<T>({ number, short }: Column<T>): string {
  return join(number && styles.number, short && styles.short);
}
