import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { join } from './join';
import { Badge } from './marks';
import styles from './tabs.module.css';

export interface Tab {
  key: string;
  text: string;
  count?: number;
}

export interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  chosen: string;
  onChoose: (key: string) => void;
  children: ComponentChildren;
  class?: string;
}

/** Tabs and the panel of the chosen one; arrows move between them. */
export function Tabs({ label, tabs, chosen, onChoose, children, ...rest }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ key }) => key === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const next = to === undefined ? undefined : tabs.at(to % tabs.length);
    if (!next) return;
    event.preventDefault();
    onChoose(next.key);
    list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(next.key)}"]`)?.focus();
  };
  return (
    <div class={join(styles.tabs, rest.class)}>
      <div ref={list} role="tablist" aria-label={label} class={styles.list} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            type="button"
            key={tab.key}
            id={`${id}-${tab.key}`}
            data-key={tab.key}
            role="tab"
            aria-selected={tab.key === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={tab.key === chosen ? 0 : -1}
            class={styles.tab}
            onClick={() => onChoose(tab.key)}
          >
            {tab.text}
            {tab.count !== undefined && <Badge count={tab.count} quiet />}
          </button>
        ))}
      </div>
      <div
        id={`${id}-panel`}
        role="tabpanel"
        aria-labelledby={`${id}-${chosen}`}
        class={styles.panel}
      >
        {children}
      </div>
    </div>
  );
}
