import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useStore } from '../../live/context';
import type { ListWindow } from '../../live/store';
import { navigate, route, routeId, routeView } from '../../router';
import { Drawer, join, State } from '../../ui';
import { useMedia } from '../../ui/use-media';
import { ContactPanel } from './contact-panel';
import { ConversationPane } from './conversation-pane';
import { address, inboxView, neighbour, readChosen, toFilter } from './filters';
import styles from './inbox.module.css';
import { useInboxKeys, useWish } from './keys';
import { ListPane } from './list-pane';
import { useSelection } from './selection';
import { words } from './texts';

/** The lists of conversations: messages, comments, Zalo, livechat. */
export default function Inbox() {
  const view = inboxView({ view: routeView.value });
  const id = routeId.value;
  const query = useComputed(() => route.value.query.toString()).value;
  const chosen = useMemo(() => readChosen(new URLSearchParams(query)), [query]);
  const list = useList(view, query);
  const wide = useMedia('(min-width: 1200px)');
  const [drawer, setDrawer] = useState<'contact' | 'tags' | null>(null);
  const selection = useSelection(list);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation closes the drawer
  useEffect(() => setDrawer(null), [id]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address changes
  useEffect(() => {
    list?.pin(id);
  }, [list, id]);

  const open = (to: string | null) => navigate(address(view, to, chosen), 'replace');
  const was = useRef<number | null>(null);
  const at = id === null ? -1 : (list?.ids.value.indexOf(id) ?? -1);
  if (at >= 0) was.current = at;
  const step = (by: 1 | -1) => {
    const next = list && neighbour(list.ids.peek(), id, by, was.current);
    if (next) open(next);
  };
  useInboxKeys({ id, step, selection });
  useWish('tag', () => {
    if (!wide) setDrawer((shown) => shown ?? 'tags');
  });

  return (
    <div class={join(styles.inbox, id !== null && styles.reading)}>
      <ListPane view={view} chosen={chosen} list={list} current={id} selection={selection} />
      {id === null ? (
        <section class={styles.pane}>
          <State icon="inbox" title={words('pick')}>
            {words('pickHint')}
          </State>
        </section>
      ) : (
        <ConversationPane
          key={id}
          id={id}
          backTo={address(view, null, chosen)}
          onContact={wide ? null : () => setDrawer('contact')}
        />
      )}
      {id !== null && wide && (
        <aside class={styles.beside} aria-label={words('contact')}>
          <ContactPanel key={id} id={id} />
        </aside>
      )}
      {id !== null && drawer && !wide && (
        <Drawer title={words('contact')} onClose={() => setDrawer(null)}>
          <ContactPanel key={id} id={id} tagging={drawer === 'tags'} />
        </Drawer>
      )}
    </div>
  );
}

/** The list of the address' filter; another filter opens another one. */
function useList(view: ReturnType<typeof inboxView>, query: string): ListWindow | null {
  const store = useStore();
  const [list, setList] = useState<ListWindow | null>(null);
  useEffect(() => {
    const opened = store.openList(toFilter(view, readChosen(new URLSearchParams(query))));
    setList(opened);
    return () => opened.close();
  }, [store, view, query]);
  return list;
}
