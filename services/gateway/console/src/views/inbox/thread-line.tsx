import { useState } from 'preact/hooks';
import type { Conversation, Message } from '../../core/model';
import type { Problem } from '../../core/problem';
import type { Answer, Line, Thread } from '../../live/store';
import { formatClock, formatDateTime, language } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Icon, join } from '../../ui';
import { tell } from './acting';
import { CommentActions } from './comment-actions';
import type { Target } from './composer';
import { isOurs } from './images';
import { words } from './texts';
import styles from './thread-line.module.css';

interface ThreadLineProps {
  thread: Thread;
  row: Conversation;
  lineKey: string;
  isLast: boolean;
  /** The composer replies to it. */
  chosen: boolean;
  onTarget: (target: Target) => void;
  onImage: (url: string) => void;
}

export function ThreadLine(props: ThreadLineProps) {
  const { thread, row, lineKey, isLast, chosen, onTarget, onImage } = props;
  const line = thread.line(lineKey).value;
  if (!line) return null;
  const { message } = line;
  const out = message.direction === 'out';
  return (
    <article
      class={join(
        styles.line,
        out && styles.out,
        message.parent_id && row.kind !== 'message' && styles.below,
        chosen && styles.chosen,
      )}
    >
      <p class={styles.meta}>
        <span class={styles.author}>{authorOf(message, row)}</span>
        <time dateTime={message.at} title={formatDateTime(message.at)}>
          {formatClock(message.at)}
        </time>
        {message.private && <span class={styles.mark}>{words('privateNote')}</span>}
        {message.private_reply && <span class={styles.mark}>{words('privateReplySent')}</span>}
        {message.hidden && <span class={styles.mark}>{words('hidden')}</span>}
        {message.liked && (
          <span class={styles.mark}>
            <Icon name="heart" size={12} /> {words('liked')}
          </span>
        )}
      </p>
      <Quoted thread={thread} id={message.reply_to} />
      <div class={join(styles.bubble, message.state === 'removed' && styles.removed)}>
        {message.text && <p class={styles.text}>{message.text}</p>}
        {message.attachments.map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they have no ids, and keep their order
          <AttachmentOf key={index} attachment={one} onImage={onImage} />
        ))}
        {message.state === 'removed' && <p>{words('removed')}</p>}
      </div>
      {message.problem && (
        <p class={styles.problem}>
          <Icon name="warning" size={14} />
          {message.problem.text[language.value]}
        </p>
      )}
      <State line={line} thread={thread} isLast={isLast} />
      {row.kind !== 'message' && message.state !== 'removed' && !line.reply && (
        <CommentActions row={row} line={line} onTarget={onTarget} />
      )}
    </article>
  );
}

function authorOf({ author }: Message, row: Conversation): string {
  if (author.name) return author.name;
  if (author.kind === 'customer') return row.customer.name ?? words('customer');
  return words('pageItself');
}

function Quoted({ thread, id }: { thread: Thread; id: string | null | undefined }) {
  const quoted = id ? thread.lines.value.find(({ message }) => message.id === id) : undefined;
  if (!quoted) return null;
  return <p class={styles.quoted}>{quoted.message.text ?? words('attachment')}</p>;
}

type Delivery = NonNullable<Line['delivery']>;

const STATES = {
  sending: 'sending',
  sent: 'sent',
  delivered: 'delivered',
  seen: 'seen',
  failed: 'failed',
  unknown: 'unknown',
  removed: 'removed',
} as const satisfies Record<Delivery, string>;

interface StateProps {
  line: Line;
  thread: Thread;
  isLast: boolean;
}

/** What became of a reply. Of those that went out the last one says so, the others are ticked. */
function State({ line, thread, isLast }: StateProps) {
  const [busy, setBusy] = useState(false);
  const { delivery, error, key, reply, message } = line;
  if (!delivery || delivery === 'removed') return null;
  const said = words(STATES[delivery]);
  const went = delivery === 'sent' || delivery === 'delivered' || delivery === 'seen';
  if (went && !isLast) return null;
  const bad = delivery === 'failed' || delivery === 'unknown';
  const why = error?.text[language.value] ?? (reply?.problem && sayRefused(reply.problem));
  const act = async (asked: Promise<Answer>) => {
    setBusy(true);
    await tell(asked);
    setBusy(false);
  };
  return (
    <div class={join(styles.state, bad && styles.bad)} role={bad ? 'alert' : undefined}>
      <p>
        <Icon name={bad ? 'warning' : went ? 'check' : 'clock'} size={14} />
        <span>{said}</span>
        {bad && why && <span class={styles.why}>: {why}</span>}
        {delivery === 'unknown' && !why && <span>: {words('unknownHint')}</span>}
      </p>
      {bad && (
        <Button small busy={busy} onClick={() => void act(thread.retry(key))}>
          {words('resend')}
        </Button>
      )}
      {(bad && reply) || message.state === 'pending' ? (
        <Button
          small
          kind="quiet"
          class={bad ? undefined : styles.late}
          busy={busy}
          onClick={() => void act(thread.discard(key))}
        >
          {words('discard')}
        </Button>
      ) : null}
    </div>
  );
}

function sayRefused(problem: Problem): string {
  return problem.body.window_ended_at ? words('windowClosed') : sayProblem(problem);
}

interface AttachmentOfProps {
  attachment: Message['attachments'][number];
  onImage: (url: string) => void;
}

function AttachmentOf({ attachment, onImage }: AttachmentOfProps) {
  const { kind, url, title, latitude, longitude, error } = attachment;
  const name = title ?? words(kind === 'image' ? 'image' : 'attachment');
  if (isOurs(url) && (kind === 'image' || kind === 'sticker')) {
    return (
      <button
        type="button"
        class={styles.image}
        aria-label={words('openImage')}
        onClick={() => onImage(url)}
      >
        <img src={url} alt={title ?? words('image')} loading="lazy" decoding="async" />
      </button>
    );
  }
  if (isOurs(url) && kind === 'audio') {
    // biome-ignore lint/a11y/useMediaCaption: what customers send has none
    return <audio class={styles.media} src={url} controls preload="none" aria-label={name} />;
  }
  if (isOurs(url) && kind === 'video') {
    // biome-ignore lint/a11y/useMediaCaption: what customers send has none
    return <video class={styles.media} src={url} controls preload="none" aria-label={name} />;
  }
  if (isOurs(url)) {
    return (
      <a class={styles.file} href={url} download>
        <Icon name="file" /> {name}
      </a>
    );
  }
  if (latitude != null && longitude != null) {
    return (
      <p class={styles.file}>
        {words('place')}: {latitude.toFixed(5)}, {longitude.toFixed(5)}
      </p>
    );
  }
  return (
    <p class={styles.file}>
      <Icon name="file" />
      {url ? (
        <a href={url} target="_blank" rel="noreferrer">
          {name} · {words('atChannel')}
        </a>
      ) : (
        name
      )}
      {error && <span>{error.text[language.value]}</span>}
    </p>
  );
}
