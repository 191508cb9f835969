import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { join } from './join';
import styles from './popover.module.css';

const GAP = 4;
const EDGE = 8;

export interface PopoverProps {
  /** What it stands beside. */
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  align?: 'start' | 'end';
  /** Where it stands if there is room on both sides. */
  prefer?: 'below' | 'above';
  /** `manual`: it stays when another place is clicked, and takes no focus. */
  mode?: 'auto' | 'manual';
  children: ComponentChildren;
  class?: string;
}

/** Shown in the top layer while it is drawn, beside its anchor, inside the window. */
export function Popover(props: PopoverProps) {
  const { anchor, onClose, align = 'start', prefer = 'below', mode = 'auto', children } = props;
  const popover = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useLayoutEffect(() => {
    const shown = popover.current;
    if (!shown) return;
    shown.showPopover();
    const place = () => anchor.current && placeBeside(shown, anchor.current, align, prefer);
    place();
    const watch = new ResizeObserver(place);
    watch.observe(shown);
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === 'closed') close.current();
    };
    shown.addEventListener('toggle', toggled);
    addEventListener('resize', place);
    addEventListener('scroll', place, true);
    return () => {
      watch.disconnect();
      shown.removeEventListener('toggle', toggled);
      removeEventListener('resize', place);
      removeEventListener('scroll', place, true);
    };
  }, [anchor, align, prefer]);

  return (
    <div ref={popover} popover={mode} class={join(styles.popover, props.class)}>
      {children}
    </div>
  );
}

function placeBeside(
  shown: HTMLElement,
  anchor: HTMLElement,
  align: 'start' | 'end',
  prefer: 'below' | 'above',
): void {
  const at = anchor.getBoundingClientRect();
  const below = innerHeight - at.bottom - GAP - EDGE;
  const above = at.top - GAP - EDGE;
  shown.style.minWidth = `${Math.min(at.width, innerWidth - 2 * EDGE)}px`;
  const { offsetWidth: width, scrollHeight: height } = shown;
  const up =
    prefer === 'above' ? above >= height || above > below : below < height && above > below;
  shown.style.maxHeight = `${Math.max(120, up ? above : below)}px`;
  const left = align === 'start' ? at.left : at.right - width;
  shown.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  shown.style.top = up ? 'auto' : `${at.bottom + GAP}px`;
  shown.style.bottom = up ? `${innerHeight - at.top + GAP}px` : 'auto';
}
