import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../../live/context';
import type { Thread } from '../../live/store';
import { navigate } from '../../router';
import { t } from '../../texts';
import { Button, Failed, NotFound, Skeleton } from '../../ui';
import { Composer, type Target } from './composer';
import { Head } from './head';
import styles from './inbox.module.css';
import { useWindow } from './reply-window';
import { ThreadLines } from './thread-lines';

interface ConversationPaneProps {
  id: string;
  backTo: string;
  /** Opens the contact, where it is not beside the thread. */
  onContact: (() => void) | null;
}

/** A conversation: its head, its thread, the composer. */
export function ConversationPane({ id, backTo, onContact }: ConversationPaneProps) {
  const store = useStore();
  const thread = useThread(id);
  const row = store.conversation(id).value;
  const [target, setTarget] = useState<Target>({ private: false, replyTo: null });
  const loading = thread?.loading.value ?? 'loading';
  const [missing, setMissing] = useState(false);
  const window = useWindow(id, row?.updated_at);

  const isKnown = row !== undefined;
  useEffect(() => {
    if (isKnown) thread?.view();
  }, [thread, isKnown]);
  useEffect(() => {
    if (row) setMissing(false);
    else if (loading !== 'missing')
      void store.find(id).then((found) => setMissing(found === 'missing'));
  }, [store, id, row, loading]);

  if (loading === 'missing' || missing) {
    const back = (
      <Button icon="back" onClick={() => navigate(backTo)}>
        {t('back')}
      </Button>
    );
    return (
      <section class={styles.pane}>
        <NotFound action={back} />
      </section>
    );
  }
  if (loading === 'failed') {
    return (
      <section class={styles.pane}>
        <Failed text={t('unreachable')} onRetry={() => thread?.reload()} />
      </section>
    );
  }
  return (
    <section class={styles.pane} aria-label={row?.customer.name ?? row?.customer.external_id}>
      {row && <Head row={row} window={window} backTo={backTo} onContact={onContact} />}
      {thread && row && loading === 'ready' ? (
        <>
          <ThreadLines thread={thread} row={row} target={target} onTarget={setTarget} />
          <Composer
            thread={thread}
            row={row}
            window={window}
            target={target}
            onTarget={setTarget}
          />
        </>
      ) : (
        <Skeleton rows={5} />
      )}
    </section>
  );
}

/** The thread, open as long as it is drawn. */
function useThread(id: string): Thread | null {
  const store = useStore();
  const [thread, setThread] = useState<Thread | null>(null);
  useEffect(() => {
    const opened = store.openThread(id);
    setThread(opened);
    return () => opened.close();
  }, [store, id]);
  return thread;
}
