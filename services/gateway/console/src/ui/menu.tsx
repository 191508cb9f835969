import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, type ButtonProps } from './button';
import { Icon, type IconName } from './icon';
import { join } from './join';
import styles from './menu.module.css';
import { Popover } from './popover';

export interface MenuItem {
  key: string;
  text: string;
  icon?: IconName;
  hint?: ComponentChildren;
  danger?: boolean;
  disabled?: boolean;
  /** One of several, of which the checked one counts. */
  checked?: boolean;
  onPick: () => void;
}

export interface MenuProps extends Omit<ButtonProps, 'onClick' | 'children' | 'label'> {
  /** The name of the button and of the menu. */
  label: string;
  /** What the button shows; its icon alone if this is missing. */
  face?: ComponentChildren;
  items: readonly MenuItem[];
  align?: 'start' | 'end';
  /** Stands above the items. */
  head?: ComponentChildren;
}

/** A button that opens a menu. Arrows, Home and End move in it; Escape closes it. */
export function Menu({ label, face, items, align, head, ...button }: MenuProps) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Button
        kind="quiet"
        {...button}
        buttonRef={anchor}
        aria-label={label}
        title={face ? undefined : label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {face}
      </Button>
      {open && (
        <Popover anchor={anchor} align={align} onClose={() => setOpen(false)} class={styles.menu}>
          {head}
          <MenuList
            label={label}
            items={items}
            onDone={() => {
              setOpen(false);
              anchor.current?.focus();
            }}
          />
        </Popover>
      )}
    </>
  );
}

interface MenuListProps {
  label: string;
  items: readonly MenuItem[];
  onDone: () => void;
}

function MenuList({ label, items, onDone }: MenuListProps) {
  const list = useRef<HTMLDivElement>(null);
  const parts = () =>
    [...(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])].filter(
      (part) => part.getAttribute('aria-disabled') !== 'true',
    );

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it opens
  useEffect(() => parts()[0]?.focus(), []);

  const move = (event: KeyboardEvent) => {
    const all = parts();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      onDone();
    }
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)?.focus();
  };

  return (
    <div ref={list} role="menu" aria-label={label} onKeyDown={move}>
      {items.map((item) => (
        <button
          type="button"
          key={item.key}
          {...roleOf(item)}
          aria-disabled={item.disabled || undefined}
          tabIndex={-1}
          class={join(styles.item, item.danger && styles.danger)}
          onClick={() => {
            if (item.disabled) return;
            onDone();
            item.onPick();
          }}
        >
          {item.icon && <Icon name={item.icon} />}
          <span class={styles.text}>{item.text}</span>
          {item.hint && <span class={styles.hint}>{item.hint}</span>}
          {item.checked && <Icon name="check" size={16} />}
        </button>
      ))}
    </div>
  );
}

function roleOf({ checked }: MenuItem) {
  if (checked === undefined) return { role: 'menuitem' } as const;
  return { role: 'menuitemradio', 'aria-checked': checked } as const;
}
