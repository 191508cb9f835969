import type { TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useStore } from '../../live/context';
import type { Lane } from '../../live/store';
import { t } from '../../texts';
import { Button, IconButton, isComposing, Popover } from '../../ui';
import { Templates } from '../inbox/templates';
import styles from './live.module.css';
import { words } from './texts';

interface PrivateReplyProps {
  lane: Lane;
  id: string;
  /** The codes that the customer ordered in the comment, or null. */
  order: string | null;
  onSent: () => void;
  onClose: () => void;
}

/** A private reply to a comment, begun with the order's codes. `/` opens the templates. */
export function PrivateReply({ lane, id, order, onSent, onClose }: PrivateReplyProps) {
  const store = useStore();
  const input = useRef<HTMLTextAreaElement>(null);
  const anchor = useRef<HTMLDivElement>(null);
  const placed = lane.comment(id).value;
  const row = store.conversation(placed?.conversation_id ?? '').value;
  const name = placed?.message.author.name ?? row?.customer.name ?? '';
  const [text, setText] = useState(
    order === null ? words('greeting', name) : words('order', name, order),
  );
  const [closed, setClosed] = useState(false);
  const query = !closed && /^\/\S*$/.test(text) ? text.slice(1) : null;
  useEffect(() => input.current?.focus(), []);
  if (!placed) return null;

  const send = () => {
    const said = text.trim();
    if (!said) return;
    const thread = store.openThread(placed.conversation_id);
    thread.send({ text: said, private: true, reply_to: id });
    thread.close();
    onSent();
  };
  const pressed = (event: TargetedEvent<HTMLTextAreaElement, KeyboardEvent>) => {
    if (isComposing(event) || event.defaultPrevented) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      onClose();
    }
  };
  return (
    <form
      class={styles.reply}
      aria-label={words('privateTo', name)}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <p class={styles.to}>
        <strong>{words('privateTo', name)}</strong>
        <span class={styles.quoted}>{placed.message.text}</span>
        <IconButton small icon="close" label={t('cancel')} onClick={onClose} />
      </p>
      <div ref={anchor} class={styles.box}>
        <textarea
          ref={input}
          rows={2}
          aria-label={words('privately')}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setClosed(false);
          }}
          onKeyDown={pressed}
        />
        <Button type="submit" kind="primary" icon="send" disabled={!text.trim()}>
          {words('send')}
        </Button>
      </div>
      <p class={styles.hint}>{words('sendHint')}</p>
      {query !== null && row && (
        <Popover anchor={anchor} mode="manual" prefer="above" onClose={() => setClosed(true)}>
          <Templates
            input={input}
            query={query}
            row={row}
            onClose={() => setClosed(true)}
            onPick={(filled) => {
              setText(filled);
              input.current?.focus();
            }}
          />
        </Popover>
      )}
    </form>
  );
}
