import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../../live/context';
import { ring } from '../../live/sound';
import { preferences } from '../../preferences';
import { href, navigate, routeId, routeView } from '../../router';
import { t } from '../../texts';
import { Drawer, Icon, IconButton, shortcutOf, toast } from '../../ui';
import { ConnectionBanner } from './connection-banner';
import { Help } from './help';
import { Palette } from './palette';
import { Rail } from './rail';
import styles from './shell.module.css';
import { words } from './texts';
import { Views } from './views';

type Open = 'palette' | 'help' | 'menu' | null;

/** What stands around every view. */
export function Shell() {
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const help = () => setOpen('help');
  useShortcuts(setOpen);
  useTitle();
  useSound();
  useReminders();
  return (
    <div class={styles.shell}>
      <button
        type="button"
        class={styles.skip}
        onClick={() => document.getElementById('main')?.focus()}
      >
        {words('skip')}
      </button>
      <header class={styles.top}>
        <IconButton icon="menu" label={t('menu')} onClick={() => setOpen('menu')} />
        <strong class={styles.topTitle}>{titleOf(routeView.value)}</strong>
        <IconButton icon="search" label={words('palette')} onClick={() => setOpen('palette')} />
      </header>
      <div class={styles.side}>
        <Rail onHelp={help} />
      </div>
      <div class={styles.content}>
        <ConnectionBanner />
        <main id="main" tabIndex={-1} class={styles.main}>
          <Views />
        </main>
      </div>
      {open === 'palette' && <Palette onClose={close} onHelp={help} />}
      {open === 'help' && <Help onClose={close} />}
      {open === 'menu' && (
        <Drawer side="left" title={t('menu')} onClose={close}>
          <Rail wide onHelp={help} onGone={close} />
          <p class={styles.product}>
            <Icon name="flag" size={14} /> {t('product')}
          </p>
        </Drawer>
      )}
    </div>
  );
}

function titleOf(view: typeof routeView.value): string {
  return view === 'missing' ? t('notFound') : view === 'login' ? t('product') : t(view);
}

function useShortcuts(setOpen: (open: Open) => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event);
      if (shortcut !== 'palette' && shortcut !== '?') return;
      event.preventDefault();
      setOpen(shortcut === '?' ? 'help' : 'palette');
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [setOpen]);
}

/** The tab says how much is unread. */
function useTitle(): void {
  const unread = useStore().counts.value?.unread ?? 0;
  const title = `${titleOf(routeView.value)} – ${t('product')}`;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }, [unread, title]);
}

function useSound(): void {
  const store = useStore();
  useEffect(
    () =>
      store.onIncoming(({ conversation_id }) => {
        const isRead = conversation_id === routeId.peek() && !document.hidden;
        if (preferences.peek().sound !== false && !isRead) ring();
      }),
    [store],
  );
}

function useReminders(): void {
  const store = useStore();
  const reminder = store.reminders.value[0];
  useEffect(() => {
    if (!reminder) return;
    store.dismiss(reminder);
    toast(words('reminder', reminder.title), 'info', {
      text: words('open'),
      run: () => navigate(href('contacts', reminder.contact_id)),
    });
  }, [store, reminder]);
}
