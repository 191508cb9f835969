import type {
  ComponentChildren,
  PartialInputHTMLAttributes,
  PartialSelectHTMLAttributes,
  Ref,
  TextareaHTMLAttributes,
} from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../texts';
import styles from './field.module.css';
import { join } from './join';

interface Around {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  /** The label is there for screen readers alone. */
  bare?: boolean;
}

/** The attributes by which a control belongs to its label, hint and error. */
interface Wired {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: boolean;
}

interface FieldProps extends Around {
  required?: boolean;
  children: (wired: Wired) => ComponentChildren;
}

/** A label, a control, its hint and its error. */
export function Field({ label, hint, error, bare, required, children }: FieldProps) {
  const id = useId();
  const told = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  const wired: Wired = { id };
  if (told) wired['aria-describedby'] = told;
  if (error) wired['aria-invalid'] = true;
  return (
    <div class={styles.field}>
      <label for={id} class={bare ? 'unseen' : styles.label}>
        {label}
        {required && (
          <span class={styles.required} aria-hidden="true" title={t('required')}>
            {' *'}
          </span>
        )}
      </label>
      {children(wired)}
      {hint && (
        <p id={`${id}-hint`} class={styles.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} class={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}

type Input = Pick<
  PartialInputHTMLAttributes<HTMLInputElement>,
  | 'type'
  | 'name'
  | 'required'
  | 'disabled'
  | 'readOnly'
  | 'placeholder'
  | 'min'
  | 'max'
  | 'step'
  | 'pattern'
  | 'maxLength'
  | 'inputMode'
  | 'autoComplete'
  | 'autoFocus'
  | 'spellcheck'
  | 'onKeyDown'
  | 'onBlur'
  | 'onFocus'
>;

export interface TextFieldProps extends Around, Input {
  value: string;
  onValue: (value: string) => void;
  inputRef?: Ref<HTMLInputElement>;
}

export function TextField(props: TextFieldProps) {
  const { label, hint, error, bare, value, onValue, inputRef, ...rest } = props;
  return (
    <Field label={label} hint={hint} error={error} bare={bare} required={rest.required === true}>
      {(wired) => (
        <input
          type="text"
          autoComplete="off"
          {...(rest as object)}
          {...wired}
          ref={inputRef}
          class={styles.control}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

type Area = Pick<
  TextareaHTMLAttributes<HTMLTextAreaElement>,
  | 'name'
  | 'rows'
  | 'required'
  | 'disabled'
  | 'placeholder'
  | 'maxLength'
  | 'autoFocus'
  | 'onKeyDown'
>;

export interface TextAreaProps extends Around, Area {
  value: string;
  onValue: (value: string) => void;
}

export function TextArea({ label, hint, error, bare, value, onValue, ...rest }: TextAreaProps) {
  return (
    <Field label={label} hint={hint} error={error} bare={bare} required={rest.required === true}>
      {(wired) => (
        <textarea
          rows={4}
          {...(rest as object)}
          {...wired}
          class={join(styles.control, styles.area)}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export interface Choice {
  value: string;
  text: string;
}

type Select = Pick<
  PartialSelectHTMLAttributes<HTMLSelectElement>,
  'name' | 'required' | 'disabled'
>;

export interface SelectFieldProps extends Around, Select {
  value: string;
  choices: readonly Choice[];
  onValue: (value: string) => void;
}

export function SelectField(props: SelectFieldProps) {
  const { label, hint, error, bare, value, choices, onValue, ...rest } = props;
  return (
    <Field label={label} hint={hint} error={error} bare={bare} required={rest.required === true}>
      {(wired) => (
        <select
          {...(rest as object)}
          {...wired}
          class={join(styles.control, styles.select)}
          value={value}
          onChange={(event) => onValue(event.currentTarget.value)}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value} selected={choice.value === value}>
              {choice.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export interface CheckboxProps {
  label: ComponentChildren;
  checked: boolean;
  onChecked: (checked: boolean) => void;
  hint?: ComponentChildren;
  disabled?: boolean;
  /** Its name, where `label` is only a picture of it. */
  name?: string;
}

export function Checkbox({ label, checked, onChecked, hint, disabled, name }: CheckboxProps) {
  const id = useId();
  return (
    <div class={styles.checkbox}>
      <input
        type="checkbox"
        id={id}
        checked={checked}
        disabled={disabled}
        aria-label={name}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChecked(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} class={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}
