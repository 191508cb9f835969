import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../core/model';
import { useStore } from '../../live/context';
import type { Line, Thread } from '../../live/store';
import { formatDay } from '../../texts';
import { Button, VirtualThread } from '../../ui';
import { now } from '../../ui/clock';
import { tell } from './acting';
import type { Target } from './composer';
import { ImageViewer, imagesOf } from './images';
import styles from './inbox.module.css';
import { useWish } from './keys';
import { words } from './texts';
import { ThreadLine } from './thread-line';

const DAY_MS = 86_400_000;

interface ThreadLinesProps {
  thread: Thread;
  row: Conversation;
  target: Target;
  onTarget: (target: Target) => void;
}

export function ThreadLines({ thread, row, target, onTarget }: ThreadLinesProps) {
  const keys = thread.keys.value;
  const [atEnd, setAtEnd] = useState(true);
  const [image, setImage] = useState<string | null>(null);
  const toEnd = useRef<(() => void) | null>(null);
  const fresh = useFresh(thread, atEnd);
  useReading(thread, row, atEnd);
  useCommentKeys(thread, row, target, onTarget);

  const draw = useCallback(
    (key: string, index: number) => (
      <>
        <DayBefore thread={thread} index={index} />
        <ThreadLine
          thread={thread}
          row={row}
          lineKey={key}
          isLast={index === keys.length - 1}
          chosen={target.replyTo?.id === thread.line(key).peek()?.message.id}
          onTarget={onTarget}
          onImage={setImage}
        />
      </>
    ),
    [thread, row, keys.length, target.replyTo, onTarget],
  );

  return (
    <div class={styles.thread}>
      <VirtualThread
        label={words('messages')}
        keys={keys}
        row={draw}
        onAtEnd={setAtEnd}
        endRef={toEnd}
      />
      {!atEnd && fresh > 0 && (
        <div class={styles.newest} role="status">
          <Button small kind="primary" icon="down" onClick={() => toEnd.current?.()}>
            {words('newMessages')}
          </Button>
        </div>
      )}
      {image !== null && (
        <ImageViewer
          images={imagesOf(thread.lines.value)}
          at={image}
          onMove={setImage}
          onClose={() => setImage(null)}
        />
      )}
    </div>
  );
}

/** How many messages came while the end was out of sight. */
function useFresh(thread: Thread, atEnd: boolean): number {
  const count = thread.keys.value.length;
  const seen = useRef(count);
  if (atEnd) seen.current = count;
  return Math.max(0, count - seen.current);
}

/** Reads as far as what was shown, while the page can be seen (I5). */
function useReading(thread: Thread, row: Conversation, atEnd: boolean): void {
  const store = useStore();
  const last = lastIncoming(thread.lines.value);
  const read = useRef<string | null>(null);
  const unread = useRef(row.unread);
  unread.current = row.unread;
  useEffect(() => {
    const look = () => {
      if (!last || !atEnd || document.hidden || read.current === last) return;
      const isFirst = read.current === null;
      read.current = last;
      if (!isFirst || unread.current > 0) void store.markRead(thread.id, last);
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [store, thread, last, atEnd]);
}

function lastIncoming(lines: readonly Line[]): string | null {
  return lines.findLast(({ message }) => message.direction === 'in')?.message.id ?? null;
}

/** The day, above its first message. */
function DayBefore({ thread, index }: { thread: Thread; index: number }) {
  const lines = thread.lines.value;
  const at = lines[index]?.message.at;
  const before = lines[index - 1]?.message.at;
  if (!at || (before && dayOf(before) === dayOf(at))) return null;
  return <p class={styles.day}>{sayDay(at)}</p>;
}

function dayOf(at: string): string {
  return new Date(at).toDateString();
}

function sayDay(at: string): string {
  if (dayOf(at) === new Date(now.value).toDateString()) return words('today');
  if (dayOf(at) === new Date(now.value - DAY_MS).toDateString()) return words('yesterday');
  return formatDay(at);
}

/** H, L and P are for the comment that is being answered, or the customer's last one. */
function useCommentKeys(
  thread: Thread,
  row: Conversation,
  target: Target,
  onTarget: (target: Target) => void,
): void {
  const store = useStore();
  const withComment = (act: (comment: Line['message']) => void) => () => {
    if (row.kind === 'message') return;
    const id = target.replyTo?.id ?? lastIncoming(thread.lines.peek());
    const found = thread.lines.peek().find(({ message }) => message.id === id);
    if (found) act(found.message);
  };
  useWish(
    'hide',
    withComment(({ id, hidden }) => void tell(store.setHidden(row.id, id, !hidden))),
  );
  useWish(
    'like',
    withComment(({ id, liked }) => void tell(store.setLiked(row.id, id, !liked))),
  );
  useWish(
    'private',
    withComment((comment) => onTarget({ private: true, replyTo: comment })),
  );
}
