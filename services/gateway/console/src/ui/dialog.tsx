import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../texts';
import { Button, IconButton } from './button';
import styles from './dialog.module.css';
import { join } from './join';

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** Buttons at its foot. */
  actions?: ComponentChildren;
  /** A drawer comes from the side and is as high as the window. */
  side?: 'left' | 'right';
  wide?: boolean;
  /** Its title is there for screen readers alone. */
  bare?: boolean;
}

/** A modal dialog while it is drawn. The browser keeps the focus inside, and gives it back. */
export function Dialog({ title, onClose, children, actions, side, wide, bare }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    if (shown && !shown.open) shown.showModal();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class={join(styles.dialog, side && styles.drawer, side && styles[side], wide && styles.wide)}
      aria-labelledby={id}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class={styles.inside}>
        <header class={bare ? 'unseen' : styles.head}>
          <h2 id={id}>{title}</h2>
          {!bare && <IconButton icon="close" label={t('close')} onClick={onClose} />}
        </header>
        <div class={bare ? styles.plain : styles.body} tabIndex={bare ? undefined : 0}>
          {children}
        </div>
        {actions && <footer class={styles.foot}>{actions}</footer>}
      </div>
    </dialog>
  );
}

export function Drawer(props: Omit<DialogProps, 'side'> & { side?: 'left' | 'right' }) {
  return <Dialog side="right" {...props} />;
}

export interface ConfirmProps {
  title: string;
  children?: ComponentChildren;
  /** What the button does, as a verb: "Xoá". */
  action: string;
  danger?: boolean;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm(props: ConfirmProps) {
  const { title, children, action, danger, busy, onConfirm, onClose } = props;
  const actions = (
    <>
      <Button onClick={onClose}>{t('cancel')}</Button>
      <Button kind={danger ? 'danger' : 'primary'} busy={busy} onClick={onConfirm}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} actions={actions}>
      {children}
    </Dialog>
  );
}
