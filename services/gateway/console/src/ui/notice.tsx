import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { t } from '../texts';
import { Button, IconButton } from './button';
import { Icon, type IconName } from './icon';
import { join } from './join';
import styles from './notice.module.css';
import tones from './tones.module.css';

export type Tone = 'info' | 'good' | 'warn' | 'bad';

const ICONS: Readonly<Record<Tone, IconName>> = {
  info: 'bell',
  good: 'check',
  warn: 'warning',
  bad: 'warning',
};

export interface NoticeProps {
  tone?: Tone;
  children: ComponentChildren;
  actions?: ComponentChildren;
}

/** Something to know, where it belongs. What went wrong is announced at once. */
export function Notice({ tone = 'info', children, actions }: NoticeProps) {
  return (
    <div class={join(styles.notice, tones[tone])} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={ICONS[tone]} />
      <div class={styles.text}>{children}</div>
      {actions}
    </div>
  );
}

interface Toast {
  id: number;
  tone: Tone;
  text: string;
  action?: { text: string; run: () => void };
}

const toasts = signal<readonly Toast[]>([]);
let lastToast = 0;

/** So long each is said. */
const SAID_MS = { info: 4_000, good: 4_000, warn: 10_000 } as const;
const WITH_ACTION_MS = 8_000;

/** Says something in the corner for some seconds; what went wrong, until it is closed. */
export function toast(text: string, tone: Tone = 'good', action?: Toast['action']): void {
  lastToast += 1;
  const id = lastToast;
  toasts.value = [...toasts.value.slice(-3), { id, tone, text, action }];
  if (tone === 'bad') return;
  setTimeout(() => closeToast(id), Math.max(SAID_MS[tone], action ? WITH_ACTION_MS : 0));
}

/** What was said to the viewer who has left. */
export function forgetToasts(): void {
  toasts.value = [];
}

function closeToast(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return (
    <div class={styles.toasts}>
      {toasts.value.map(({ id, tone, text, action }) => (
        <div
          key={id}
          class={join(styles.toast, tones[tone])}
          role={tone === 'bad' ? 'alert' : 'status'}
        >
          <Icon name={ICONS[tone]} />
          <span class={styles.text}>{text}</span>
          {action && (
            <Button
              small
              onClick={() => {
                closeToast(id);
                action.run();
              }}
            >
              {action.text}
            </Button>
          )}
          <IconButton small icon="close" label={t('close')} onClick={() => closeToast(id)} />
        </div>
      ))}
    </div>
  );
}

export interface StateProps {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
  alert?: boolean;
}

/** What stands where nothing else can: empty, not found, failed; what it means and what to do. */
export function State({ icon = 'inbox', title, children, action, alert }: StateProps) {
  return (
    <div class={styles.state} role={alert ? 'alert' : undefined}>
      <Icon name={icon} size={32} />
      <p class={styles.title}>{title}</p>
      {children && <p class={styles.more}>{children}</p>}
      {action}
    </div>
  );
}

/** Loading failed: what went wrong, and another attempt. */
export function Failed({ text, onRetry }: { text?: string; onRetry: () => void }) {
  const action = (
    <Button icon="refresh" onClick={onRetry}>
      {t('retry')}
    </Button>
  );
  return (
    <State alert icon="warning" title={t('failed')} action={action}>
      {text}
    </State>
  );
}

export function NotFound({ action }: { action?: ComponentChildren }) {
  return (
    <State icon="search" title={t('notFound')} action={action}>
      {t('notFoundHint')}
    </State>
  );
}

/** Grey rows in place of those that come. */
export function Skeleton({ rows = 6, height = 44 }: { rows?: number; height?: number }) {
  return (
    <div class={styles.skeleton} role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={index} style={{ height: `${height}px` }} />
      ))}
    </div>
  );
}
