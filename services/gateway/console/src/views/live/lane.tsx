import { type ReadonlySignal, useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useStore } from '../../live/context';
import type { Lane } from '../../live/store';
import { formatNumber, t } from '../../texts';
import { Failed, NotFound, Notice, Skeleton, Tabs } from '../../ui';
import { useMedia } from '../../ui/use-media';
import { Column, type ColumnName, type Top } from './column';
import type { LaneActs } from './comment-row';
import { CommentActs, useLatest, useSaid, useShortcuts } from './lane-acts';
import { LaneHead } from './lane-head';
import styles from './live.module.css';
import { commentsOf, nextUnclaimed, orderOf } from './order-of';
import { PrivateReply } from './private-reply';
import { words } from './texts';
import { TouchBar } from './touch-bar';
import type { Post } from './view';

const COLUMNS: readonly ColumnName[] = ['orders', 'questions', 'all'];
/** Below this width one column is shown at a time. */
const WIDE = '(min-width: 900px)';

type Keys = Readonly<Record<ColumnName, ReadonlySignal<readonly string[]>>>;
type Tops = Readonly<Record<ColumnName, Top>>;

interface LaneViewProps {
  id: string;
  post: Post | undefined;
  /** Whether there are other livestreams. */
  others: boolean;
}

/** The comments of a livestream, to claim, hide and answer with the keyboard alone. */
export function LaneView({ id, post, others }: LaneViewProps) {
  const store = useStore();
  const [lane, setLane] = useState<Lane | null>(null);
  const page = post?.page_id;
  useEffect(() => {
    const opened = store.openLane(id, page);
    setLane(opened);
    return () => opened.close();
  }, [store, id, page]);
  const loading = lane?.loading.value ?? 'loading';
  if (lane === null || (loading === 'loading' && lane.ids.peek().length === 0)) {
    return <Skeleton rows={12} height={40} />;
  }
  if (loading === 'missing') return <NotFound />;
  if (loading === 'failed') return <Failed onRetry={() => lane.reload()} />;
  return <OpenLane lane={lane} post={post} others={others} />;
}

function OpenLane({ lane, post, others }: Omit<LaneViewProps, 'id'> & { lane: Lane }) {
  const store = useStore();
  const wide = useMedia(WIDE);
  const [said, say] = useSaid();
  const orders = useComputed(() => commentsOf(lane.orders.value));
  const keys: Keys = { orders, questions: lane.questions, all: lane.ids };
  const doing = useMemo(() => new CommentActs(store, lane, say), [store, lane, say]);
  const cursor = useCursor(keys, doing);
  const { column, current, pick } = cursor;
  const [answering, setAnswering] = useState<string | null>(null);
  const answer = useLatest((id: string) => {
    const message = lane.comment(id).peek()?.message;
    if (message?.private_reply) say({ text: words('privateDone'), tone: 'info' });
    else if (message?.direction === 'in') setAnswering(id);
  });
  useShortcuts((key) => {
    if (cursor.moved(key)) return true;
    if (current === null) return false;
    if (key === 'Space') doing.claim(current);
    else if (key === 'H') doing.hide(current);
    else if (key === 'P') answer(current);
    else return false;
    return true;
  });
  const acts = useMemo<LaneActs>(() => {
    const { claim, hide } = doing;
    return {
      pick,
      claim: claim.bind(doing),
      hide: hide.bind(doing),
      answer: (id, where) => {
        pick(id, where);
        answer(id);
      },
    };
  }, [doing, pick, answer]);
  const drawn = (wide ? COLUMNS : [column]).map((name) => (
    <Column
      key={name}
      name={name}
      lane={lane}
      keys={keys[name]}
      acts={acts}
      current={column === name ? current : null}
      active={wide && column === name}
      topRef={cursor.tops[name]}
    />
  ));
  return (
    <div class={styles.lane}>
      <LaneHead lane={lane} post={post} others={others} />
      {wide ? (
        <div class={styles.columns}>{drawn}</div>
      ) : (
        <Parts keys={keys} column={column} onColumn={(name) => pick(null, name)}>
          {drawn}
        </Parts>
      )}
      {said !== null && (
        <div class={styles.said}>
          <Notice tone={said.tone}>{said.text}</Notice>
        </div>
      )}
      {answering !== null ? (
        <PrivateReply
          key={answering}
          lane={lane}
          id={answering}
          order={orderOf(lane.orders.peek(), answering)}
          onSent={() => {
            setAnswering(null);
            cursor.goOn();
          }}
          onClose={() => setAnswering(null)}
        />
      ) : wide ? (
        <p class={styles.keys}>{words('keys')}</p>
      ) : (
        current !== null && <TouchBar id={current} column={column} lane={lane} acts={acts} />
      )}
    </div>
  );
}

/** The comment that is picked, and the column in which. */
function useCursor(keys: Keys, doing: CommentActs) {
  const [column, setColumn] = useState<ColumnName>('all');
  const [current, setCurrent] = useState<string | null>(null);
  const tops: Tops = {
    orders: useRef<Top['current']>(null),
    questions: useRef<Top['current']>(null),
    all: useRef<Top['current']>(null),
  };
  const pick = useLatest((id: string | null, where: ColumnName) => {
    setColumn(where);
    setCurrent(id);
  });
  const go = (by: number) => {
    const ids = keys[column].peek();
    const at = current === null ? -1 : ids.indexOf(current);
    const to = Math.min(ids.length - 1, Math.max(0, at + by));
    setCurrent(at < 0 ? (tops[column].current?.() ?? null) : (ids[to] ?? null));
  };
  const turn = (by: number) => {
    const to = COLUMNS[COLUMNS.indexOf(column) + by];
    if (to === undefined) return;
    const isThere = current !== null && keys[to].peek().includes(current);
    pick(isThere ? current : (tops[to].current?.() ?? null), to);
  };
  const moves: Readonly<Record<string, () => void>> = {
    J: () => go(1),
    K: () => go(-1),
    ArrowDown: () => go(1),
    ArrowUp: () => go(-1),
    ArrowLeft: () => turn(-1),
    ArrowRight: () => turn(1),
    Escape: () => setCurrent(null),
  };
  const moved = (key: string) => {
    moves[key]?.();
    return key in moves;
  };
  const goOn = () => {
    const next = nextUnclaimed(keys[column].peek(), current, (id) => doing.isFree(id));
    if (next !== null) setCurrent(next);
  };
  return { column, current, tops, pick, moved, goOn };
}

interface PartsProps {
  keys: Keys;
  column: ColumnName;
  onColumn: (name: ColumnName) => void;
  children: ComponentChildren;
}

/** The columns one at a time. */
function Parts({ keys, column, onColumn, children }: PartsProps) {
  return (
    <Tabs
      class={styles.single}
      label={t('live')}
      tabs={COLUMNS.map((name) => ({
        key: name,
        text: `${words(name)} ${formatNumber(keys[name].value.length)}`,
      }))}
      chosen={column}
      onChoose={(name) => onColumn(name as ColumnName)}
    >
      {children}
    </Tabs>
  );
}
