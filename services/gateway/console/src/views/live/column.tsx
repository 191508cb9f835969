import type { ReadonlySignal } from '@preact/signals';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Lane } from '../../live/store';
import { formatNumber } from '../../texts';
import { Button, join, State, VirtualThread } from '../../ui';
import { CommentRow, type LaneActs } from './comment-row';
import styles from './live.module.css';
import { words } from './texts';

export type ColumnName = 'orders' | 'questions' | 'all';

/** Names the uppermost comment of a column that can be seen. */
export interface Top {
  current: (() => string | null) | null;
}

const ROW_HEIGHT = 40;
const EMPTY = { orders: 'noOrders', questions: 'noQuestions', all: 'noComments' } as const;

interface ColumnProps {
  name: ColumnName;
  lane: Lane;
  keys: ReadonlySignal<readonly string[]>;
  acts: LaneActs;
  /** The comment that is picked, if this is the column in which it is. */
  current: string | null;
  active: boolean;
  topRef: Top;
}

/** Comments, the newest at the end. It stands still, and says how many came meanwhile, once one
 * scrolls up or picks a comment. */
export function Column({ name, lane, keys, acts, current, active, topRef }: ColumnProps) {
  const shown = keys.value;
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = useRef<(() => void) | null>(null);
  const still = !atEnd || current !== null;
  const since = useSince(still, shown.length);
  const wasPicked = useRef(false);
  useEffect(() => {
    if (wasPicked.current && current === null) toEnd.current?.();
    wasPicked.current = current !== null;
  }, [current]);
  const draw = useCallback(
    (id: string) => (
      <CommentRow column={name} id={id} lane={lane} current={id === current} acts={acts} />
    ),
    [name, lane, current, acts],
  );
  return (
    <section class={join(styles.column, active && styles.active)} aria-label={words(name)}>
      <h2>
        {words(name)} <span class={styles.count}>{formatNumber(shown.length)}</span>
      </h2>
      <div class={styles.rows}>
        <VirtualThread
          label={words(name)}
          keys={shown}
          rowHeight={ROW_HEIGHT}
          current={current}
          held={still}
          onAtEnd={setAtEnd}
          endRef={toEnd}
          topRef={topRef}
          row={draw}
        />
        {since > 0 && !atEnd && (
          <Button
            small
            kind="primary"
            class={styles.pill}
            icon="down"
            title={words('toNewest')}
            onClick={() => {
              acts.pick(null, name);
              toEnd.current?.();
            }}
          >
            {words('newer', formatNumber(since))}
          </Button>
        )}
        {shown.length === 0 && (
          <div class={styles.empty}>
            <State icon="comment" title={words(EMPTY[name])}>
              {name === 'orders' && words('noOrdersHint')}
            </State>
          </div>
        )}
      </div>
    </section>
  );
}

/** How many came since it stands still. */
function useSince(still: boolean, count: number): number {
  const begin = useRef(count);
  useEffect(() => {
    if (!still) begin.current = count;
  }, [still, count]);
  return still ? Math.max(0, count - begin.current) : 0;
}
