import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useStore } from '../../live/context';
import { pageName } from '../../live/directory';
import type { Lane } from '../../live/store';
import { mayTake, me } from '../../session';
import { formatNumber, t } from '../../texts';
import { Failed, NotFound, Skeleton, shortcutOf, Tabs, toast } from '../../ui';
import { useMedia } from '../../ui/use-media';
import { sayRefusal, tell } from '../inbox/acting';
import { words as inboxWords } from '../inbox/texts';
import { Column } from './column';
import { Figures } from './figures';
import styles from './live.module.css';
import { nextUnclaimed, orderOf } from './order-of';
import { PrivateReply } from './private-reply';
import { words } from './texts';
import type { Post } from './view';

type ColumnName = 'orders' | 'questions' | 'all';
const COLUMNS: readonly ColumnName[] = ['orders', 'questions', 'all'];
/** Below this width one column is shown at a time. */
const WIDE = '(min-width: 900px)';

/** The comments of a livestream, to claim, hide and answer with the keyboard alone. */
export function LaneView({ id, post }: { id: string; post: Post | undefined }) {
  const store = useStore();
  const [lane, setLane] = useState<Lane | null>(null);
  const page = post?.page_id;
  useEffect(() => {
    const opened = store.openLane(id, page);
    setLane(opened);
    return () => opened.close();
  }, [store, id, page]);
  const loading = lane?.loading.value ?? 'loading';
  if (lane === null || (loading === 'loading' && lane.ids.value.length === 0)) {
    return <Skeleton rows={12} height={40} />;
  }
  if (loading === 'missing') return <NotFound />;
  if (loading === 'failed') return <Failed onRetry={() => lane.reload()} />;
  return <OpenLane lane={lane} post={post} />;
}

function OpenLane({ lane, post }: { lane: Lane; post: Post | undefined }) {
  const store = useStore();
  const wide = useMedia(WIDE);
  const [column, setColumn] = useState<ColumnName>('all');
  const [current, setCurrent] = useState<string | null>(null);
  const [answering, setAnswering] = useState<string | null>(null);
  const orders = lane.orders.value;
  const keys: Readonly<Record<ColumnName, readonly string[]>> = {
    orders: useMemo(() => orders.map(({ comments }) => comments[0] ?? ''), [orders]),
    questions: lane.questions.value,
    all: lane.ids.value,
  };

  const rowOf = (id: string) => {
    const placed = lane.comment(id).peek();
    return placed && store.conversation(placed.conversation_id).peek();
  };
  const claim = async (id: string) => {
    const row = rowOf(id);
    const viewer = me.peek();
    if (!row || !viewer || row.assignee?.agent_id === viewer.agent_id) return;
    if (row.assignee) return toast(inboxWords('winner', row.assignee.name), 'warn');
    if (!mayTake()) return toast(t('forbidden'), 'bad');
    const answer = await store.assign(row.id, viewer.agent_id, row.version);
    if (answer.ok) toast(words('claimed', row.customer.name ?? row.customer.external_id));
    else sayRefusal(answer);
  };
  const hide = (id: string) => {
    const placed = lane.comment(id).peek();
    if (placed?.message.direction !== 'in') return;
    const { hidden = false } = placed.message;
    void tell(store.setHidden(placed.conversation_id, id, !hidden));
  };
  const answer = (id: string) => {
    if (!lane.comment(id).peek()?.message.private_reply) setAnswering(id);
  };
  const goOn = () => {
    setAnswering(null);
    const ids = keys[column];
    const free = (id: string) => {
      const row = rowOf(id);
      return row !== undefined && row.assignee === null;
    };
    const next = nextUnclaimed(ids, current, free);
    if (next !== null) setCurrent(next);
  };
  const latest = useRef((_: string): boolean => false);
  latest.current = (key) => {
    const ids = keys[column];
    if (key === 'J' || key === 'K' || key === 'ArrowDown' || key === 'ArrowUp') {
      // The newest is the uppermost, so down is towards the older ones.
      const by = key === 'J' || key === 'ArrowDown' ? -1 : 1;
      const at = current === null ? -1 : ids.indexOf(current);
      const to = at < 0 ? ids.length - 1 : Math.min(ids.length - 1, Math.max(0, at + by));
      setCurrent(ids[to] ?? null);
    } else if (current === null) return false;
    else if (key === 'Space') void claim(current);
    else if (key === 'H') hide(current);
    else if (key === 'P') answer(current);
    else return false;
    return true;
  };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      // A button is pressed by it; the one that picks a comment has nothing else to do then.
      const button = event.target instanceof Element && event.target.closest('button, summary');
      if (event.code === 'Space' && button && !button.matches('[data-pick]')) return;
      const key = shortcutOf(event);
      if (key !== null && latest.current(key)) event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);

  const drawn = (wide ? COLUMNS : [column]).map((name) => (
    <Column
      key={name}
      name={name}
      lane={lane}
      keys={keys[name]}
      current={column === name ? current : null}
      onPick={(id) => {
        setColumn(name);
        setCurrent(id);
      }}
      onClaim={(id) => void claim(id)}
      onHide={hide}
      onAnswer={(id) => {
        setColumn(name);
        setCurrent(id);
        answer(id);
      }}
    />
  ));
  return (
    <div class={styles.lane}>
      <header class={styles.head}>
        <div class={styles.about}>
          <h1>{post?.text || t('live')}</h1>
          {post && <span class={styles.facts}>{pageName(post.page_id)}</span>}
        </div>
        <Figures lane={lane} />
      </header>
      {wide ? (
        <div class={styles.columns}>{drawn}</div>
      ) : (
        <Tabs
          class={styles.single}
          label={t('live')}
          tabs={COLUMNS.map((name) => ({
            key: name,
            text: `${words(name)} ${formatNumber(keys[name].length)}`,
          }))}
          chosen={column}
          onChoose={(name) => setColumn(name as ColumnName)}
        >
          {drawn}
        </Tabs>
      )}
      {answering !== null && (
        <PrivateReply
          key={answering}
          lane={lane}
          id={answering}
          order={orderOf(orders, answering)}
          onSent={goOn}
          onClose={() => setAnswering(null)}
        />
      )}
      {wide && <p class={styles.keys}>{words('keys')}</p>}
    </div>
  );
}
