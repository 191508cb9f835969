import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { pages } from '../../live/directory';
import type { ListWindow } from '../../live/store';
import { href, navigate } from '../../router';
import { hasRight } from '../../session';
import { formatNumber, t } from '../../texts';
import { Button, Failed, Icon, Skeleton, State, VirtualList } from '../../ui';
import { BulkBar } from './bulk-bar';
import { address, type Chosen, type InboxView, isFiltered } from './filters';
import { Filters } from './filters-bar';
import styles from './inbox.module.css';
import { Row } from './row';
import { SavedViews } from './saved-views';
import type { Selection } from './selection';
import { words } from './texts';

const ROW_HEIGHT = 64;
const PAUSE_MS = 250;

interface ListPaneProps {
  view: InboxView;
  chosen: Chosen;
  list: ListWindow | null;
  current: string | null;
  selection: Selection;
}

export function ListPane({ view, chosen, list, current, selection }: ListPaneProps) {
  const choose = (next: Chosen) => navigate(address(view, current, next), 'replace');
  return (
    <section class={styles.list} aria-label={t(view)}>
      <header class={styles.listHead}>
        <h1 class={styles.title}>{t(view)}</h1>
        <SavedViews view={view} chosen={chosen} />
      </header>
      <Search value={chosen.q ?? ''} onValue={(q) => choose({ ...chosen, q: q || undefined })} />
      <Filters view={view} chosen={chosen} counts={list?.counts.value ?? null} onChoose={choose} />
      <BulkBar list={list} selection={selection} />
      <Rows view={view} chosen={chosen} list={list} current={current} selection={selection} />
    </section>
  );
}

function Search({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const latest = useRef(onValue);
  latest.current = onValue;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => latest.current(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <div class={styles.search}>
      <Icon name="search" size={16} />
      <input
        id="search"
        type="search"
        aria-label={words('searchCustomers')}
        placeholder={words('searchCustomers')}
        autoComplete="off"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setTyped('');
          event.currentTarget.blur();
        }}
      />
    </div>
  );
}

function Rows({ view, chosen, list, current, selection }: ListPaneProps) {
  const [away, setAway] = useState(false);
  const loadMore = useCallback(() => {
    if (list?.more.peek()) void list.loadMore();
  }, [list]);
  useEffect(() => {
    if (!away || !list) return;
    list.hold('scroll');
    return () => list.release('scroll');
  }, [away, list]);

  if (!list || list.loading.value === 'loading') return <Skeleton rows={8} height={52} />;
  const ids = list.ids.value;
  if (list.loading.value === 'failed' && ids.length === 0) {
    return <Failed text={t('unreachable')} onRetry={() => list.reload()} />;
  }
  return (
    <div
      class={styles.rows}
      onPointerEnter={() => list.hold('pointer')}
      onPointerLeave={() => list.release('pointer')}
    >
      <Pill list={list} />
      <VirtualList
        label={words('conversations')}
        keys={ids}
        rowHeight={ROW_HEIGHT}
        current={current}
        onNearEnd={loadMore}
        onScrolled={setAway}
        row={(id) => (
          <Row
            id={id}
            to={address(view, id, chosen)}
            current={id === current}
            selection={selection}
          />
        )}
      />
      {ids.length === 0 && <Empty filtered={isFiltered(chosen)} />}
    </div>
  );
}

/** What is new, or would move, and waits until the agent wants it. */
function Pill({ list }: { list: ListWindow }) {
  const pending = list.pending.value;
  if (pending === 0) return null;
  return (
    <div class={styles.pill} role="status">
      <Button small kind="primary" onClick={() => list.reveal()}>
        {words('newRows', formatNumber(pending))}
      </Button>
    </div>
  );
}

function Empty({ filtered }: { filtered: boolean }) {
  const first = hasRight('manage') && pages.value.length === 0;
  return (
    <div class={styles.empty}>
      <State
        icon={filtered ? 'filter' : 'inbox'}
        title={words(filtered ? 'noMatches' : 'noRows')}
        action={first && <a href={href('welcome')}>{words('firstSteps')}</a>}
      >
        {words(filtered ? 'noMatchesHint' : 'noRowsHint')}
      </State>
    </div>
  );
}
