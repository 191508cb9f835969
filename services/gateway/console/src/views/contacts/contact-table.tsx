import { useEffect, useMemo, useRef } from 'preact/hooks';
import { href } from '../../router';
import { t } from '../../texts';
import { Button, Icon } from '../../ui';
import { useMedia } from '../../ui/use-media';
import { useVirtualizer } from '../../ui/virtualizer';
import { claim } from './claim';
import type { Column } from './columns';
import styles from './contacts.module.css';
import { type Chosen, choose } from './filter';
import { type Rows, usualSort } from './rows';
import type { Selection } from './selection';
import { type Claimable, isClaimable, type Row, useSetup } from './setup';
import { words } from './texts';

const ROW = 44;
const NAME_WIDTH = { wide: 240, narrow: 150 };
const CHECK_WIDTH = 40;
const AHEAD = 30;

/** Of what is no `<table>`, because its rows are placed one by one. */
const ROLES = {
  head: { role: 'columnheader' },
  rowHead: { role: 'rowheader' },
  cell: { role: 'cell' },
} as const;

/** What scrolls has to be reached by the keyboard. */
function regionRole(label: string) {
  return { role: 'region', tabIndex: 0, 'aria-label': label } as const;
}

function rowRole(index: number) {
  return { role: 'row', 'aria-rowindex': index } as const;
}

/** Names go upwards, times from the newest down. */
function headRole(own: string | undefined, sort: string) {
  if (own !== sort) return ROLES.head;
  return { ...ROLES.head, 'aria-sort': own === 'name' ? 'ascending' : 'descending' } as const;
}

interface ContactTableProps {
  list: Rows;
  columns: readonly Column[];
  chosen: Chosen;
  selection: Selection;
  onChoose: (chosen: Chosen) => void;
}

/** The contacts, of which only those are in the document that can be seen. */
export function ContactTable({ list, columns, chosen, selection, onChoose }: ContactTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, more, loadMore } = list;
  const nameWidth = useMedia('(max-width: 767px)') ? NAME_WIDTH.narrow : NAME_WIDTH.wide;
  const usual = usualSort(useSetup());
  const virtual = useVirtualizer(scroller, {
    count: rows.length,
    overscan: 8,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]?.id ?? index,
    paddingStart: ROW,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) loadMore();
  }, [more, last, rows.length, loadMore]);

  const width = columns.reduce((sum, one) => sum + one.width, CHECK_WIDTH + nameWidth);
  const grid = useMemo(
    () => ({
      gridTemplateColumns: [
        `${CHECK_WIDTH}px`,
        `minmax(${nameWidth}px, 2fr)`,
        ...columns.map((one) => `minmax(${one.width}px, 1fr)`),
      ].join(' '),
    }),
    [columns, nameWidth],
  );
  const areAllChosen = selection.all || rows.every(({ id }) => selection.ids.has(id));
  const sort = chosen.sort ?? usual;
  return (
    <div ref={scroller} class={styles.scroller} {...regionRole(words('table'))}>
      <div
        role="table"
        aria-label={words('title')}
        aria-rowcount={more ? -1 : rows.length + 1}
        class={styles.table}
        style={{ height: `${virtual.getTotalSize()}px`, minWidth: `${width}px` }}
      >
        <div {...rowRole(1)} class={styles.heads} style={grid}>
          <div {...ROLES.head}>
            <input
              type="checkbox"
              aria-label={words('selectShown')}
              checked={areAllChosen}
              onChange={(event) =>
                event.currentTarget.checked
                  ? selection.add(rows.map(({ id }) => id))
                  : selection.clear()
              }
            />
          </div>
          {[{ key: 'name', title: words('name'), sort: 'name' as const }, ...columns].map((one) => (
            <div key={one.key} {...headRole(one.sort, sort)}>
              {one.sort ? (
                <button
                  type="button"
                  class={styles.sort}
                  title={words('sortBy', one.title)}
                  onClick={() => onChoose(choose(chosen, { sort: one.sort ?? '' }))}
                >
                  {one.title}
                  {sort === one.sort && <Icon name="down" size={14} />}
                </button>
              ) : (
                one.title
              )}
            </div>
          ))}
        </div>
        {shown.map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          const isChosen = selection.all || selection.ids.has(row.id);
          return (
            <div
              key={row.id}
              {...rowRole(index + 2)}
              data-selected={isChosen}
              class={styles.row}
              style={{ ...grid, transform: `translateY(${start}px)` }}
            >
              <div {...ROLES.cell}>
                <input
                  type="checkbox"
                  aria-label={words('select', row.name ?? words('noName'))}
                  checked={isChosen}
                  disabled={isClaimable(row) || selection.all}
                  onChange={() => selection.toggle(row.id)}
                />
              </div>
              <div {...ROLES.rowHead}>
                <Name row={row} onClaimed={list.replace} onGone={list.reload} />
              </div>
              {columns.map((column) => (
                <div key={column.key} {...ROLES.cell}>
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
      {list.state === 'ready' && more && <p class={styles.foot}>{t('loading')}</p>}
    </div>
  );
}

interface NameProps {
  row: Row;
  onClaimed: (row: Row) => void;
  /** Somebody else has it. */
  onGone: () => void;
}

function Name({ row, onClaimed, onGone }: NameProps) {
  const take = async (from: Claimable) => {
    const seen = await claim(from);
    if (seen) onClaimed(seen);
    else onGone();
  };
  return (
    <>
      <a class={styles.name} href={href('contacts', row.id)}>
        {row.name ?? words('noName')}
      </a>
      {isClaimable(row) && (
        <Button small onClick={() => void take(row)}>
          {words('claim')}
        </Button>
      )}
    </>
  );
}
