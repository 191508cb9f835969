import { useRef, useState } from 'preact/hooks';
import { type Choice, isComposing, SelectField, TextField } from '../../ui';

interface EditInPlaceProps {
  label: string;
  value: string;
  hint?: string;
  type?: 'text' | 'number' | 'date';
  choices?: readonly Choice[];
  /** Of choices: they are read only. */
  disabled?: boolean;
  /** Gives why it was refused, or null. */
  save: (value: string) => Promise<string | null>;
}

/** A field that is saved by Enter or by leaving it. What was refused stays with its reason, and is
 * tried again only by Enter or after another change; Escape takes it back. */
export function EditInPlace(props: EditInPlaceProps) {
  const { label, value, hint, type, choices, disabled, save } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const isSaving = useRef(false);
  const [editing, setEditing] = useState(false);

  const drop = () => {
    setDraft(null);
    setError(null);
  };
  const commit = async (given: string | null) => {
    if (isSaving.current) return;
    if (given === null || given === value) return drop();
    isSaving.current = true;
    const refused = await save(given);
    isSaving.current = false;
    setError(refused);
    if (refused === null) setDraft(null);
  };

  if (choices) {
    return (
      <SelectField
        label={label}
        hint={hint}
        error={error}
        choices={choices}
        disabled={disabled}
        value={draft ?? value}
        onValue={(picked) => {
          setDraft(picked);
          void commit(picked);
        }}
      />
    );
  }
  return (
    <TextField
      label={label}
      hint={editing ? hint : undefined}
      error={error}
      type={type ?? 'text'}
      step={type === 'number' ? 'any' : undefined}
      value={draft ?? value}
      onValue={(typed) => {
        setDraft(typed);
        setError(null);
      }}
      onFocus={() => setEditing(true)}
      onBlur={() => {
        setEditing(false);
        if (error === null) void commit(draft);
      }}
      onKeyDown={(event) => {
        if (isComposing(event)) return;
        if (event.key === 'Enter') void commit(draft);
        if (event.key === 'Escape') drop();
      }}
    />
  );
}
