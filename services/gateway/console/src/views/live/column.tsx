import { useMemo, useRef, useState } from 'preact/hooks';
import type { Lane } from '../../live/store';
import { formatNumber } from '../../texts';
import { Button, State, VirtualList } from '../../ui';
import { CommentRow, type CommentRowProps } from './comment-row';
import styles from './live.module.css';
import { words } from './texts';

const ROW_HEIGHT = 40;
const EMPTY = { orders: 'noOrders', questions: 'noQuestions', all: 'noComments' } as const;

interface ColumnProps extends Pick<CommentRowProps, 'onClaim' | 'onHide' | 'onAnswer' | 'onPick'> {
  name: 'orders' | 'questions' | 'all';
  lane: Lane;
  keys: readonly string[];
  current: string | null;
}

/** Comments, the newest first. Once one scrolls away from the top it stands still, and says how many
 * came meanwhile. */
export function Column({ name, lane, keys, current, ...acts }: ColumnProps) {
  const [frozen, setFrozen] = useState<readonly string[] | null>(null);
  const newest = useRef(keys);
  newest.current = keys;
  const shown = frozen ?? keys;
  const turned = useMemo(() => shown.toReversed(), [shown]);
  const [turn, setTurn] = useState(0);
  const since = frozen === null ? 0 : Math.max(0, keys.length - frozen.length);
  return (
    <section class={styles.column} aria-label={words(name)}>
      <h2>
        {words(name)} <span class={styles.count}>{formatNumber(keys.length)}</span>
      </h2>
      <div class={styles.rows}>
        {since > 0 && (
          <Button
            small
            kind="primary"
            class={styles.pill}
            title={words('toNewest')}
            onClick={() => {
              setFrozen(null);
              setTurn(turn + 1);
            }}
          >
            {words('newer', formatNumber(since))}
          </Button>
        )}
        <VirtualList
          key={turn}
          label={words(name)}
          keys={turned}
          rowHeight={ROW_HEIGHT}
          current={current}
          onScrolled={(away) => {
            setFrozen(away ? newest.current : null);
          }}
          row={(id) => <CommentRow id={id} lane={lane} current={id === current} {...acts} />}
        />
        {keys.length === 0 && (
          <State icon="comment" title={words(EMPTY[name])}>
            {name === 'orders' && words('noOrdersHint')}
          </State>
        )}
      </div>
    </section>
  );
}
