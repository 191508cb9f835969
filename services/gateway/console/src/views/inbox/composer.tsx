import type { TargetedEvent } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation, Message } from '../../core/model';
import { useStore } from '../../live/context';
import { pageName, pages } from '../../live/directory';
import type { Thread } from '../../live/store';
import { formatShort, language, t } from '../../texts';
import { Button, Icon, IconButton, isComposing, join, Notice, Popover } from '../../ui';
import styles from './composer.module.css';
import { channelName } from './filters-bar';
import { useWish } from './keys';
import type { ReplyWindow } from './reply-window';
import { Templates } from './templates';
import { words } from './texts';
import { Uploads, useUploads } from './uploads';

/** What a reply is to. */
export interface Target {
  private: boolean;
  replyTo: Message | null;
}

const QUIET_MS = 4_000;
const MAX_HEIGHT = 200;

interface ComposerProps {
  thread: Thread;
  row: Conversation;
  window: ReplyWindow | null;
  target: Target;
  onTarget: (target: Target) => void;
}

export function Composer({ thread, row, window, target, onTarget }: ComposerProps) {
  const store = useStore();
  const input = useRef<HTMLTextAreaElement>(null);
  const anchor = useRef<HTMLDivElement>(null);
  const [text, setText] = useState(() => store.drafts.read(row.id));
  const [closed, setClosed] = useState(false);
  const uploads = useUploads();
  const typing = useTyping(thread);
  const isComment = row.kind !== 'message';
  const query = !closed && /^\/\S*$/.test(text) ? text.slice(1) : null;
  const barred = sayBarred(window, target.private);
  const focus = () => input.current?.focus();

  useWish('reply', focus);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is for the new target
  useEffect(() => {
    if (target.replyTo) focus();
  }, [target]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const area = input.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight + 2, MAX_HEIGHT)}px`;
  }, [text]);

  const write = (to: string) => {
    setText(to);
    setClosed(false);
    store.drafts.write(row.id, to);
    typing(to.trim() !== '');
  };
  const send = () => {
    const said = text.trim();
    if ((!said && uploads.ready.length === 0) || uploads.busy || barred) return;
    thread.send({
      ...(said && { text: said }),
      ...(uploads.ready.length > 0 && { attachment_ids: uploads.ready }),
      ...(target.replyTo && { reply_to: target.replyTo.id }),
      ...(target.private && { private: true }),
    });
    write('');
    uploads.clear();
    onTarget({ private: false, replyTo: null });
    focus();
  };
  const pressed = (event: TargetedEvent<HTMLTextAreaElement, KeyboardEvent>) => {
    if (isComposing(event)) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.defaultPrevented) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && !event.defaultPrevented) {
      if (target.replyTo) onTarget({ private: false, replyTo: null });
      else event.currentTarget.blur();
    }
  };

  return (
    <form
      class={join(styles.composer, target.private && styles.private)}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        uploads.add(event.dataTransfer?.files);
      }}
    >
      <p class={styles.about}>
        <span>{words('via', channelName(row.channel), pageName(row.page_id))}</span>
        {isComment && (
          <>
            <strong>{words(target.private ? 'privately' : 'publicReply')}</strong>
            <span>{words(target.private ? 'privateHint' : 'publicHint')}</span>
          </>
        )}
        {target.replyTo && (
          <span class={styles.to}>
            <Icon name="reply" size={14} />
            {words('replyTo', target.replyTo.author.name ?? words('customer'))}
            <IconButton
              small
              icon="close"
              label={t('cancel')}
              onClick={() => onTarget({ private: false, replyTo: null })}
            />
          </span>
        )}
      </p>
      {barred && <Notice tone="warn">{barred}</Notice>}
      <PageProblem page={row.page_id} />
      <Uploads uploads={uploads} />
      <div ref={anchor} class={styles.box}>
        <textarea
          ref={input}
          rows={1}
          class={styles.text}
          aria-label={words('reply')}
          placeholder={words('replyPlaceholder')}
          value={text}
          disabled={barred !== null}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={pressed}
          onPaste={(event) => uploads.add(event.clipboardData?.files)}
        />
        <div class={styles.buttons}>
          <IconButton
            icon="clip"
            label={words('attach')}
            disabled={barred !== null}
            onClick={() => uploads.choose()}
          />
          <IconButton
            icon="file"
            label={words('templates')}
            disabled={barred !== null}
            onClick={() => {
              write('/');
              focus();
            }}
          />
          <Button
            type="submit"
            kind="primary"
            icon="send"
            disabled={barred !== null || uploads.busy || (!text.trim() && !uploads.ready.length)}
          >
            {words('send')}
          </Button>
        </div>
      </div>
      {query !== null && (
        <Popover
          anchor={anchor}
          mode="manual"
          prefer="above"
          class={styles.templates}
          onClose={() => setClosed(true)}
        >
          <Templates
            input={input}
            query={query}
            row={row}
            onClose={() => setClosed(true)}
            onPick={(filled) => {
              write(filled);
              focus();
            }}
          />
        </Popover>
      )}
    </form>
  );
}

/** The page cannot send: replies wait until somebody mends it. */
function PageProblem({ page }: { page: string }) {
  const problem = pages.value.find(({ id }) => id === page)?.problem;
  if (!problem) return null;
  return (
    <Notice tone="warn">
      {problem.text[language.value]} {words('pageWaits')}
    </Notice>
  );
}

/** Says that the viewer writes, and that they stopped: after a pause, or when they left. */
function useTyping(thread: Thread): (is: boolean) => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const is = useRef(false);
  const say = (to: boolean) => {
    clearTimeout(timer.current);
    if (to) timer.current = setTimeout(() => say(false), QUIET_MS);
    if (to === is.current) return;
    is.current = to;
    thread.typing(to);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return say;
}

/** Why the channel takes no reply now, or null if it does (P5). */
function sayBarred(window: ReplyWindow | null, privately: boolean): string | null {
  if (!window || privately || window.allowed.includes('text')) return null;
  if (window.allowed.includes('human_agent')) return null;
  if (!window.until) return `${words('windowNever')}. ${words('windowNeverHint')}`;
  const until = formatShort(window.until);
  return `${words('windowClosed')} (${until}). ${words('windowClosedHint')}`;
}
