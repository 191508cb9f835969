import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Conversation, Filter } from '../../core/model';
import { useStore } from '../../live/context';
import { pages } from '../../live/directory';
import type { ListWindow } from '../../live/store';
import { formatClock, formatDuration, language, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Failed, Notice, Skeleton, useLoaded } from '../../ui';
import { now } from '../../ui/clock';
import { Agents } from './agents';
import styles from './board.module.css';
import { Feed } from './feed';
import { queueOf } from './figures';
import { Histories } from './histories';
import { type Figures, loadFigures } from './load';
import { Queue } from './queue';
import { words } from './texts';
import { Tiles } from './tiles';

const AGAIN_MS = 60_000;
const MOST_UNASSIGNED = 1_000;
const UNASSIGNED: Filter = { assignee: 'none', done: false };
const ALL: Filter = {};

/** Who waits, who works, and how it is shared out; the queue and presence are live. */
export default function Board() {
  const loaded = useLoaded(loadFigures);
  const { reload } = loaded;
  const kept = useRef<Figures | null>(null);
  if (loaded.state === 'ready') kept.current = loaded.value;
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && void reload(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const histories = useMemo(() => new Histories(), []);
  const unassigned = useList(UNASSIGNED);
  const newest = useList(ALL);
  useWhole(unassigned);

  const figures = kept.current;
  if (loaded.state === 'failed' && !figures) {
    return <Failed text={sayProblem(loaded.problem)} onRetry={() => void reload()} />;
  }
  if (!figures || !unassigned || !newest) return <Skeleton />;
  const refresh = async () => {
    setBusy(true);
    await reload();
    setBusy(false);
  };
  return (
    <div class={styles.board}>
      <header class={styles.head}>
        <h1>{t('board')}</h1>
        <Age at={figures.at} />
        <Button small icon="refresh" busy={busy} onClick={() => void refresh()}>
          {words('refresh')}
        </Button>
      </header>
      {loaded.state === 'failed' && <Notice tone="bad">{words('stale')}</Notice>}
      {pages.value.map(
        ({ id, name, problem }) =>
          problem && (
            <Notice key={id} tone="warn">
              {words('cannotSend', name, problem.text[language.value])}
            </Notice>
          ),
      )}
      <Live figures={figures} unassigned={unassigned} newest={newest} histories={histories} />
    </div>
  );
}

/** How old the figures are, and whether the rest is live. */
function Age({ at }: { at: number }) {
  const connected = useStore().connection.value === 'open';
  return (
    <p class={styles.age}>
      {words('asOf', formatClock(at), formatDuration(Math.max(0, now.value - at)))}
      {' · '}
      <span class={connected ? styles.soft : styles.bad}>
        {words(connected ? 'live' : 'notLive')}
      </span>
    </p>
  );
}

interface LiveProps {
  figures: Figures;
  unassigned: ListWindow;
  newest: ListWindow;
  histories: Histories;
}

function Live({ figures, unassigned, newest, histories }: LiveProps) {
  const store = useStore();
  const queue = useComputed(() =>
    queueOf(
      unassigned.ids.value.flatMap((id): Conversation[] => {
        const row = store.conversation(id).value;
        return row ? [row] : [];
      }),
    ),
  ).value;
  return (
    <>
      <Tiles figures={figures} queue={queue} unassigned={unassigned.counts.value?.total ?? null} />
      <div class={styles.panels}>
        <Agents figures={figures} histories={histories} newest={newest} />
        <Queue
          queue={queue}
          histories={histories}
          capped={unassigned.more.value ? unassigned.ids.value.length : null}
        />
        <Feed newest={newest} histories={histories} />
      </div>
    </>
  );
}

function useList(filter: Filter): ListWindow | null {
  const store = useStore();
  const [list, setList] = useState<ListWindow | null>(null);
  useEffect(() => {
    const opened = store.openList(filter);
    setList(opened);
    return () => opened.close();
  }, [store, filter]);
  return list;
}

/** Loads all of the list, as far as one can look through it. */
function useWhole(list: ListWindow | null): void {
  const length = list?.ids.value.length ?? 0;
  const wanted = list?.loading.value === 'ready' && list.more.value && length < MOST_UNASSIGNED;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each part that came asks for the next
  useEffect(() => {
    if (wanted) void list?.loadMore();
  }, [list, wanted, length]);
}
