import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { t } from '../texts';
import { Button, type ButtonProps } from './button';
import styles from './combobox.module.css';
import { Field } from './field';
import field from './field.module.css';
import { Icon } from './icon';
import { matching, type Option, OptionList, useOptions } from './options';
import { Popover } from './popover';

export interface ComboboxProps {
  label: string;
  bare?: boolean;
  options: readonly Option[];
  onPick: (value: string) => void;
  placeholder?: string;
  /** The options are those of the query already, which the caller looks up. */
  onQuery?: (query: string) => void;
  /** Says how to call an option for what was typed, if anything may be picked. */
  free?: (query: string) => string;
  error?: string | null;
  hint?: ComponentChildren;
}

/** A text field with options; what is picked goes to `onPick`, and the field is empty again. */
export function Combobox(props: ComboboxProps) {
  const { label, bare, options, onPick, placeholder, onQuery, free, error, hint } = props;
  const [query, setQuery] = useState('');
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const shown = offered(options, query, onQuery === undefined, free);
  const write = (text: string) => {
    setQuery(text);
    onQuery?.(text);
  };
  const pick = (value: string) => {
    write('');
    setOpen(false);
    onPick(value);
  };
  const state = useOptions(shown, pick);
  return (
    <Field label={label} bare={bare} error={error} hint={hint}>
      {(wired) => (
        <>
          <input
            {...wired}
            {...state.input}
            role="combobox"
            aria-expanded={open}
            aria-activedescendant={open ? state.input['aria-activedescendant'] : undefined}
            ref={input}
            type="text"
            autoComplete="off"
            class={field.control}
            placeholder={placeholder}
            value={query}
            onFocus={() => setOpen(true)}
            onClick={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onInput={(event) => {
              write(event.currentTarget.value);
              setOpen(true);
            }}
            onKeyDown={(event) => {
              if (open && state.onKey(event)) return;
              if (event.key === 'Escape' && open) {
                event.preventDefault();
                event.stopPropagation();
                setOpen(false);
              } else if (event.key === 'ArrowDown') setOpen(true);
            }}
          />
          {open && (
            <Popover anchor={input} mode="manual" onClose={() => setOpen(false)}>
              <OptionList label={label} options={shown} state={state} onPick={pick} />
            </Popover>
          )}
        </>
      )}
    </Field>
  );
}

function offered(
  options: readonly Option[],
  query: string,
  filter: boolean,
  free?: (query: string) => string,
): readonly Option[] {
  const found = filter ? matching(options, query) : options;
  const typed = query.trim();
  const isOption = options.some(({ text }) => text.toLowerCase() === typed.toLowerCase());
  if (!free || !typed || isOption) return found;
  return [...found, { value: typed, text: free(typed), icon: 'plus' }];
}

export interface PickerProps extends Omit<ButtonProps, 'label' | 'onClick'> {
  /** The name of the button, of the search field and of the list. */
  label: string;
  options: readonly Option[];
  onPick: (value: string) => void;
  onQuery?: (query: string) => void;
  free?: (query: string) => string;
  /** It stays open, for several picks. */
  many?: boolean;
  align?: 'start' | 'end';
  /** Opened from outside, by a shortcut. */
  open?: boolean;
  onOpen?: (open: boolean) => void;
  children?: ComponentChildren;
}

/** A button that opens a list with a search field. */
export function Picker(props: PickerProps) {
  const { label, options, onPick, onQuery, free, many, align, open, onOpen, children, ...button } =
    props;
  const [own, setOwn] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  const isOpen = open ?? own;
  const set = (to: boolean) => {
    setOwn(to);
    onOpen?.(to);
  };
  const close = () => {
    set(false);
    anchor.current?.focus();
  };
  return (
    <>
      <Button
        kind="quiet"
        {...button}
        buttonRef={anchor}
        aria-label={button['aria-label'] ?? label}
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        onClick={() => set(!isOpen)}
      >
        {children}
      </Button>
      {isOpen && (
        <Popover anchor={anchor} align={align} onClose={() => set(false)} class={styles.picker}>
          <PickerList
            label={label}
            options={options}
            onQuery={onQuery}
            free={free}
            onClose={close}
            onPick={(value) => {
              if (!many) close();
              onPick(value);
            }}
          />
        </Popover>
      )}
    </>
  );
}

type PickerListProps = Pick<PickerProps, 'label' | 'options' | 'onPick' | 'onQuery' | 'free'> & {
  onClose: () => void;
};

function PickerList({ label, options, onPick, onQuery, free, onClose }: PickerListProps) {
  const [query, setQuery] = useState('');
  const shown = offered(options, query, onQuery === undefined, free);
  const state = useOptions(shown, onPick);
  return (
    <>
      <div class={styles.search}>
        <Icon name="search" size={16} />
        <input
          {...state.input}
          role="combobox"
          aria-expanded={true}
          aria-label={label}
          ref={focus}
          type="text"
          autoComplete="off"
          placeholder={t('search')}
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            onQuery?.(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (state.onKey(event) || event.key !== 'Escape') return;
            event.preventDefault();
            event.stopPropagation();
            onClose();
          }}
        />
      </div>
      <OptionList label={label} options={shown} state={state} onPick={onPick} />
    </>
  );
}

/** Once, when the list opens. */
function focus(input: HTMLInputElement | null): void {
  if (input) queueMicrotask(() => input.focus());
}
