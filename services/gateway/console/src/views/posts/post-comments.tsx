import { useEffect, useState } from 'preact/hooks';
import type { Message } from '../../core/model';
import { useStore } from '../../live/context';
import type { Lane } from '../../live/store';
import { href } from '../../router';
import { formatShort } from '../../texts';
import { Failed, join, Skeleton, State, VirtualThread } from '../../ui';
import styles from './posts.module.css';
import { words } from './texts';

interface PostCommentsProps {
  id: string;
  /** The conversation that is open. */
  current: string | null;
}

/** All comments below a post, oldest first, each with whoever is in charge of it. */
export function PostComments({ id, current }: PostCommentsProps) {
  const store = useStore();
  const [lane, setLane] = useState<Lane | null>(null);
  useEffect(() => {
    const opened = store.openLane(id);
    setLane(opened);
    return () => opened.close();
  }, [store, id]);
  const ids = lane?.ids.value ?? [];
  const loading = lane?.loading.value ?? 'loading';
  if (loading === 'failed') return <Failed onRetry={() => lane?.reload()} />;
  if (lane === null || (loading === 'loading' && ids.length === 0)) return <Skeleton />;
  if (ids.length === 0) return <State icon="comment" title={words('noComments')} />;
  return (
    <VirtualThread
      label={words('commentsOf')}
      keys={ids}
      row={(comment) => <CommentLine post={id} id={comment} lane={lane} current={current} />}
    />
  );
}

interface CommentLineProps {
  post: string;
  id: string;
  lane: Lane;
  current: string | null;
}

function CommentLine({ post, id, lane, current }: CommentLineProps) {
  const store = useStore();
  const placed = lane.comment(id).value;
  const conversation = placed?.conversation_id ?? '';
  const row = store.conversation(conversation).value;
  const known = row !== undefined;
  useEffect(() => {
    if (conversation && !known) void store.find(conversation);
  }, [store, conversation, known]);
  if (!placed) return null;
  const { message } = placed;
  const name = message.author.name ?? row?.customer.name ?? message.author.id;
  return (
    <a
      href={href('posts', post, { conversation })}
      class={join(
        styles.comment,
        message.parent_id && styles.below,
        conversation === current && styles.current,
      )}
      aria-current={conversation === current ? 'true' : undefined}
    >
      <span class={styles.line}>
        <strong>{name}</strong>
        <time class={styles.facts} dateTime={message.at}>
          {formatShort(message.at)}
        </time>
        {statesOf(message).map((word) => (
          <span key={word} class={styles.facts}>
            {words(word)}
          </span>
        ))}
        {!message.parent_id && (
          <span class={join(styles.owner, !row?.assignee && styles.warn)}>
            {row?.assignee?.name ?? words('nobody')}
          </span>
        )}
      </span>
      <span class={styles.said}>
        {message.state === 'removed' ? words('removed') : message.text}
      </span>
    </a>
  );
}

/** What became of a comment. */
function statesOf(message: Message) {
  const { hidden, liked, private_reply, state, problem } = message;
  return [
    hidden && ('hidden' as const),
    liked && ('liked' as const),
    private_reply && ('privateDone' as const),
    (state === 'failed' || problem) && ('failed' as const),
  ].filter((word) => !!word);
}
