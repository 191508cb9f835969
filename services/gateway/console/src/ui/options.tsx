import type { ComponentChildren } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { foldAccents } from '../core/names';
import { t } from '../texts';
import { Icon, type IconName } from './icon';
import { isComposing } from './keys';
import styles from './options.module.css';

export interface Option {
  value: string;
  text: string;
  hint?: string;
  icon?: IconName;
  /** What else it is found by. */
  words?: string;
  chosen?: boolean;
  disabled?: boolean;
}

/** Those in which every word of the query is found, accents and case ignored; those that begin with
 * it first. */
export function matching(options: readonly Option[], query: string): readonly Option[] {
  const words = foldAccents(query).split(/\s+/).filter(Boolean);
  if (!words.length) return options;
  const folded = words.join(' ');
  const found = options.flatMap((option) => {
    const text = foldAccents(`${option.text} ${option.hint ?? ''} ${option.words ?? ''}`);
    return words.every((word) => text.includes(word)) ? [{ option, text }] : [];
  });
  const begins = (text: string) => (text.startsWith(folded) ? 0 : 1);
  return found.sort((a, b) => begins(a.text) - begins(b.text)).map(({ option }) => option);
}

/** The keyboard of a list of options that an input steers while it keeps the focus. */
export function useOptions(options: readonly Option[], onPick: (value: string) => void) {
  const id = useId();
  const [at, setAt] = useState(0);
  const count = options.length;
  const active = Math.min(at, Math.max(0, count - 1));
  const key = useMemo(() => options.map((option) => option.value).join('\n'), [options]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other options begin at the first one
  useEffect(() => setAt(0), [key]);

  /** True if the key was one for the list. */
  const onKey = (event: KeyboardEvent): boolean => {
    if (isComposing(event) || count === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const picked = options[active];
    if (step) setAt((active + step + count) % count);
    else if (event.key === 'Enter' && picked && !picked.disabled) onPick(picked.value);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };

  return {
    id,
    active,
    setActive: setAt,
    onKey,
    /** For the input. */
    input: {
      role: 'combobox' as const,
      'aria-controls': id,
      'aria-autocomplete': 'list' as const,
      'aria-activedescendant': count ? `${id}-${active}` : undefined,
    },
  };
}

export interface OptionListProps {
  label: string;
  options: readonly Option[];
  state: ReturnType<typeof useOptions>;
  onPick: (value: string) => void;
  /** What is said if there are none. */
  empty?: ComponentChildren;
}

export function OptionList({ label, options, state, onPick, empty }: OptionListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[state.active]?.scrollIntoView({ block: 'nearest' });
  }, [state.active]);
  return (
    <>
      <div ref={list} id={state.id} role="listbox" aria-label={label} class={styles.list}>
        {options.map((option, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keyboard
          <div
            key={option.value}
            id={`${state.id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={option.chosen ?? index === state.active}
            aria-disabled={option.disabled || undefined}
            data-active={index === state.active}
            class={styles.option}
            onPointerMove={() => state.setActive(index)}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => !option.disabled && onPick(option.value)}
          >
            {option.icon && <Icon name={option.icon} />}
            <span class={styles.text}>{option.text}</span>
            {option.hint && <span class={styles.hint}>{option.hint}</span>}
            {option.chosen && <Icon name="check" size={16} />}
          </div>
        ))}
      </div>
      {options.length === 0 && <p class={styles.empty}>{empty ?? t('notFound')}</p>}
    </>
  );
}
