import { useState } from 'preact/hooks';
import type { Conversation } from '../../core/model';
import { useStore } from '../../live/context';
import type { Line } from '../../live/store';
import { t } from '../../texts';
import { Button, Confirm, DataForm, Dialog, Icon, Menu, type MenuItem } from '../../ui';
import { tell } from './acting';
import type { Target } from './composer';
import { words } from './texts';
import styles from './thread-line.module.css';

interface CommentActionsProps {
  row: Conversation;
  line: Line;
  onTarget: (target: Target) => void;
}

/** What can be done with a comment (I8). */
export function CommentActions({ row, line, onTarget }: CommentActionsProps) {
  const store = useStore();
  const [asking, setAsking] = useState<'edit' | 'delete' | null>(null);
  const { message, changing } = line;
  const { id, hidden = false, liked = false } = message;
  const incoming = message.direction === 'in';
  const remove = () => {
    setAsking(null);
    void tell(store.deleteComment(row.id, id));
  };
  const items: MenuItem[] = [];
  if (!incoming) {
    items.push({
      key: 'edit',
      icon: 'edit',
      text: words('editComment'),
      onPick: () => setAsking('edit'),
    });
  }
  items.push({
    key: 'delete',
    icon: 'trash',
    danger: true,
    text: words('deleteComment'),
    onPick: () => setAsking('delete'),
  });
  return (
    <div class={styles.actions} aria-busy={changing}>
      <Button small kind="quiet" onClick={() => onTarget({ private: false, replyTo: message })}>
        {words('reply')}
      </Button>
      <Button
        small
        kind="quiet"
        aria-pressed={liked}
        disabled={changing}
        onClick={() => void tell(store.setLiked(row.id, id, !liked))}
      >
        {words(liked ? 'unlike' : 'like')}
      </Button>
      {incoming && (
        <>
          <Button
            small
            kind="quiet"
            aria-pressed={hidden}
            disabled={changing}
            onClick={() => void tell(store.setHidden(row.id, id, !hidden))}
          >
            {words(hidden ? 'unhide' : 'hide')}
          </Button>
          <Button
            small
            kind="quiet"
            disabled={!!message.private_reply}
            onClick={() => onTarget({ private: true, replyTo: message })}
          >
            {words('privately')}
          </Button>
        </>
      )}
      {row.channel === 'facebook' && message.external_id && (
        <a
          href={`https://www.facebook.com/${encodeURIComponent(message.external_id)}`}
          target="_blank"
          rel="noreferrer"
          title={words('openAtChannel')}
          aria-label={words('openAtChannel')}
        >
          <Icon name="external" size={16} />
        </a>
      )}
      <Menu small icon="more" label={words('more')} items={items} />
      {asking === 'delete' && (
        <Confirm
          danger
          title={words('deleteComment')}
          action={t('remove')}
          onConfirm={remove}
          onClose={() => setAsking(null)}
        >
          {words('deleteAsk')}
        </Confirm>
      )}
      {asking === 'edit' && (
        <Dialog title={words('editComment')} onClose={() => setAsking(null)}>
          <DataForm
            done=""
            fields={[
              {
                kind: 'text',
                multiline: true,
                name: 'text',
                label: words('reply'),
                required: true,
              },
            ]}
            values={{ text: message.text ?? '' }}
            onCancel={() => setAsking(null)}
            onSubmit={async ({ text }) => {
              if (await tell(store.editComment(row.id, id, String(text)))) setAsking(null);
            }}
          />
        </Dialog>
      )}
    </div>
  );
}
