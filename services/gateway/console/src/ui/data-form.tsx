import type { ComponentChildren, TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { ApiProblem, type FieldError } from '../api/problem';
import { t } from '../texts';
import { sayProblem } from '../texts/problems';
import { Button } from './button';
import { Combobox } from './combobox';
import styles from './data-form.module.css';
import { Checkbox, type Choice, Field, SelectField, TextArea, TextField } from './field';
import field from './field.module.css';
import { Chip } from './marks';
import { Notice, toast } from './notice';
import { errorAt, readPath, type Values, writePath } from './paths';

export type { Values } from './paths';

type TextType = 'text' | 'email' | 'tel' | 'url' | 'datetime-local' | 'time';

interface Common {
  /** Where the value is, dotted: `crm.access`. */
  name: string;
  label: string;
  hint?: ComponentChildren;
  required?: boolean;
  disabled?: boolean;
  /** Shown only while this holds. */
  when?: (values: Values) => boolean;
}

/** A field of a form, by what its value is. */
export type FormField = Common &
  (
    | { kind: 'text'; multiline?: boolean; secret?: boolean; placeholder?: string; type?: TextType }
    | { kind: 'number'; min?: number; max?: number; step?: number; unit?: string }
    | { kind: 'checkbox' }
    | { kind: 'choice'; choices: readonly Choice[] }
    /** Several of the choices, in the order in which they were picked. */
    | { kind: 'many'; choices: readonly Choice[] }
    /** Texts, one in each line. */
    | { kind: 'lines'; placeholder?: string }
    | { kind: 'colour' }
    | { kind: 'date' }
    | { kind: 'custom'; draw: (value: unknown, set: (value: unknown) => void) => ComponentChildren }
  );

export interface DataFormProps {
  fields: readonly FormField[];
  values: Values;
  /** Throws an `ApiProblem` to have its errors shown, those of fields beside them. */
  onSubmit: (values: Values) => Promise<void>;
  submit?: string;
  onCancel?: () => void;
  /** Said once it was taken; empty says nothing. */
  done?: string;
  disabled?: boolean;
  children?: ComponentChildren;
}

/** A form of fields that are described by data. */
export function DataForm(props: DataFormProps) {
  const { fields, onSubmit, submit = t('save'), onCancel, done = t('saved'), disabled } = props;
  const [values, setValues] = useState(props.values);
  const [errors, setErrors] = useState<readonly FieldError[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const shown = fields.filter(({ when }) => when?.(values) ?? true);

  const send = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setErrors([]);
    setProblem(null);
    try {
      await onSubmit(values);
      if (done) toast(done);
    } catch (failure) {
      const found = failure instanceof ApiProblem ? failure.errors : [];
      const placed = found.filter((one) => shown.some(({ name }) => errorAt([one], name)));
      setErrors(placed);
      const rest = found.filter((one) => !placed.includes(one)).map(({ detail }) => detail);
      setProblem(rest.join(' ') || (placed.length ? t('wrongFields') : sayProblem(failure)));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class={styles.form} onSubmit={send}>
      {shown.map((one) => (
        <FieldOf
          key={one.name}
          field={disabled ? { ...one, disabled } : one}
          value={readPath(values, one.name)}
          error={errorAt(errors, one.name)}
          onValue={(value) => setValues((before) => writePath(before, one.name, value))}
        />
      ))}
      {props.children}
      {problem && <Notice tone="bad">{problem}</Notice>}
      {!disabled && (
        <div class={styles.actions}>
          <Button type="submit" kind="primary" busy={busy}>
            {submit}
          </Button>
          {onCancel && <Button onClick={onCancel}>{t('cancel')}</Button>}
        </div>
      )}
    </form>
  );
}

interface FieldOfProps {
  field: FormField;
  value: unknown;
  error: string | null;
  onValue: (value: unknown) => void;
}

function FieldOf({ field: given, value, error, onValue }: FieldOfProps) {
  const { label, hint, required, disabled } = given;
  const around = { label, hint, error, required, disabled };
  const text = value === null || value === undefined ? '' : String(value);
  switch (given.kind) {
    case 'text': {
      const { placeholder } = given;
      if (given.multiline) {
        return <TextArea {...around} placeholder={placeholder} value={text} onValue={onValue} />;
      }
      const secret = given.secret
        ? ({ type: 'password', autoComplete: 'new-password' } as const)
        : {};
      return (
        <TextField
          {...around}
          type={given.type ?? 'text'}
          {...secret}
          placeholder={placeholder}
          value={text}
          onValue={onValue}
        />
      );
    }
    case 'number':
      return (
        <TextField
          {...around}
          label={given.unit ? `${label} (${given.unit})` : label}
          type="number"
          inputMode="decimal"
          min={given.min}
          max={given.max}
          step={given.step ?? 1}
          value={text}
          onValue={(typed) => onValue(typed === '' ? null : Number(typed))}
        />
      );
    case 'checkbox':
      return (
        <div>
          <Checkbox
            label={label}
            hint={hint}
            disabled={disabled}
            checked={value === true}
            onChecked={onValue}
          />
          {error && <p class={field.error}>{error}</p>}
        </div>
      );
    case 'choice':
      return <SelectField {...around} choices={given.choices} value={text} onValue={onValue} />;
    case 'many':
      return <Many {...around} choices={given.choices} value={asTexts(value)} onValue={onValue} />;
    case 'lines':
      return (
        <TextArea
          {...around}
          placeholder={given.placeholder}
          value={asTexts(value).join('\n')}
          onValue={(typed) => onValue(typed === '' ? [] : typed.split('\n'))}
        />
      );
    case 'colour':
      return (
        <Field label={label} hint={hint} error={error} required={required}>
          {(wired) => (
            <input
              {...wired}
              type="color"
              class={styles.colour}
              disabled={disabled}
              value={text || '#3654d9'}
              onInput={(event) => onValue(event.currentTarget.value)}
            />
          )}
        </Field>
      );
    case 'date':
      return (
        <TextField
          {...around}
          type="date"
          value={text}
          onValue={(typed) => onValue(typed || null)}
        />
      );
    case 'custom':
      return (
        <Field label={label} hint={hint} error={error} required={required}>
          {() => given.draw(value, onValue)}
        </Field>
      );
  }
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export interface ManyProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  disabled?: boolean;
  choices: readonly Choice[];
  value: readonly string[];
  onValue: (value: readonly string[]) => void;
}

/** Several of some choices: chips of the picked ones, and a field to pick more. */
export function Many({ label, hint, error, disabled, choices, value, onValue }: ManyProps) {
  const nameOf = (picked: string) => choices.find((one) => one.value === picked)?.text ?? picked;
  const left = choices.filter((choice) => !value.includes(choice.value));
  return (
    <div class={styles.many}>
      {value.length > 0 && (
        <ul class={styles.picked} aria-label={label}>
          {value.map((picked) => (
            <li key={picked}>
              <Chip
                onRemove={
                  disabled
                    ? undefined
                    : {
                        label: `${t('remove')} ${nameOf(picked)}`,
                        run: () => onValue(value.filter((one) => one !== picked)),
                      }
                }
              >
                {nameOf(picked)}
              </Chip>
            </li>
          ))}
        </ul>
      )}
      {!disabled && (
        <Combobox
          label={label}
          hint={hint}
          error={error}
          placeholder={t('add')}
          options={left}
          onPick={(picked) => onValue([...value, picked])}
        />
      )}
    </div>
  );
}
