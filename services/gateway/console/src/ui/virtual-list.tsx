import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { join } from './join';
import styles from './virtual-list.module.css';
import { type Rows, useVirtualizer } from './virtualizer';

const OVERSCAN = 6;
/** So many rows before the end more are asked for. */
const AHEAD = 20;
/** So near to its end a thread is at it. */
const AT_END = 48;
const PADDING = 12;

export interface VirtualListProps {
  label: string;
  /** What the rows are of, in their order. */
  keys: readonly string[];
  rowHeight: number;
  row: (key: string, index: number) => ComponentChildren;
  /** The row that is scrolled to when it changes. */
  current?: string | null;
  onNearEnd?: () => void;
  /** Whether it stands away from its beginning. */
  onScrolled?: (away: boolean) => void;
  /** Stands below the last row. */
  foot?: ComponentChildren;
  class?: string;
}

/** A list of rows of one height, of which only those are in the document that can be seen. */
export function VirtualList(props: VirtualListProps) {
  const { label, keys, rowHeight, row, current, onNearEnd, onScrolled, foot } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const away = useRef(false);
  const rows = useVirtualizer(scroller, {
    count: keys.length,
    overscan: OVERSCAN,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keys[index] ?? index,
    onChange: (list) => {
      const is = (list.scrollOffset ?? 0) > rowHeight / 2;
      if (is === away.current) return;
      away.current = is;
      onScrolled?.(is);
    },
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the estimate is a function of it
  useLayoutEffect(() => rows.measure(), [rowHeight]);

  useEffect(() => {
    if (last >= 0 && last >= keys.length - AHEAD) onNearEnd?.();
  }, [last, keys.length, onNearEnd]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows must not scroll the list
  useEffect(() => {
    const index = current ? keys.indexOf(current) : -1;
    if (index >= 0) rows.scrollToIndex(index, { align: 'auto' });
  }, [current]);

  return (
    <div ref={scroller} class={join(styles.scroller, props.class)}>
      <div
        role="list"
        aria-label={label}
        class={styles.all}
        style={{ height: `${rows.getTotalSize()}px` }}
      >
        {shown.map(({ key, index, start }) => (
          <div
            key={key}
            role="listitem"
            aria-setsize={keys.length}
            aria-posinset={index + 1}
            class={styles.row}
            style={{ height: `${rowHeight}px`, transform: `translateY(${start}px)` }}
          >
            {row(keys[index] ?? '', index)}
          </div>
        ))}
      </div>
      {foot}
    </div>
  );
}

export interface VirtualThreadProps {
  label: string;
  keys: readonly string[];
  row: (key: string, index: number) => ComponentChildren;
  estimate?: number;
  /** Of every row: then none is measured, and many may come in a second. */
  rowHeight?: number;
  /** The row that is scrolled to when it changes. */
  current?: string | null;
  /** Stays where it is even at its end. */
  held?: boolean;
  /** Whether its last row can be seen. */
  onAtEnd?: (is: boolean) => void;
  /** Called once it stands at its end: scrolls there when it is called. */
  endRef?: { current: (() => void) | null };
  /** Names the uppermost row that can be seen. */
  topRef?: { current: (() => string | null) | null };
}

/** Rows of any height, of which the last one matters: it opens at its end, stays there while rows
 * come, and stays where it is while one reads above. */
export function VirtualThread(props: VirtualThreadProps) {
  const { label, keys, row, estimate = 64, rowHeight, current, held = false } = props;
  const { onAtEnd, endRef, topRef } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const opened = useRef(false);
  const rows = useVirtualizer(scroller, {
    count: keys.length,
    overscan: OVERSCAN,
    estimateSize: () => rowHeight ?? estimate,
    getItemKey: (index) => keys[index] ?? index,
    anchorTo: 'end',
    followOnAppend: !held,
    scrollEndThreshold: rowHeight === undefined ? AT_END : rowHeight / 2,
    paddingStart: rowHeight === undefined ? PADDING : 0,
    paddingEnd: rowHeight === undefined ? PADDING : 0,
    onChange: (list) => {
      const is = rowHeight === undefined ? list.isAtEnd() : isAtEndOf(list, rowHeight / 2);
      if (is === atEnd.current) return;
      atEnd.current = is;
      onAtEnd?.(is);
    },
  });
  const shown = rows.getVirtualItems();

  useLayoutEffect(() => {
    if (opened.current || keys.length === 0) return;
    opened.current = true;
    rows.scrollToEnd();
  }, [keys.length, rows]);

  useEffect(() => {
    if (endRef) endRef.current = () => rows.scrollToEnd();
    if (!topRef) return;
    topRef.current = () => {
      const top = rows.getVirtualItemForOffset((rows.scrollOffset ?? 0) + (rowHeight ?? 0) / 2);
      return top ? String(top.key) : null;
    };
  }, [rows, rowHeight, endRef, topRef]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows must not scroll the thread
  useEffect(() => {
    const index = current ? keys.indexOf(current) : -1;
    if (index >= 0) rows.scrollToIndex(index, { align: 'auto' });
  }, [current]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <div ref={scroller} role="log" aria-label={label} tabIndex={0} class={styles.scroller}>
      <div role="list" class={styles.all} style={{ height: `${rows.getTotalSize()}px` }}>
        {shown.map(({ key, index, start }) => (
          <div
            key={key}
            ref={rowHeight === undefined ? rows.measureElement : null}
            data-index={index}
            role="listitem"
            class={styles.row}
            style={{ height: rowHeight && `${rowHeight}px`, transform: `translateY(${start}px)` }}
          >
            {row(keys[index] ?? '', index)}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Without reading the document, which would have to be laid out for that. */
function isAtEndOf(list: Rows, threshold: number): boolean {
  const end = list.getTotalSize() - (list.scrollRect?.height ?? 0);
  return end - (list.scrollOffset ?? 0) <= threshold;
}
