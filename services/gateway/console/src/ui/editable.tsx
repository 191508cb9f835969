import type { ComponentChildren } from 'preact';
import styles from './editable.module.css';

interface EditableProps {
  /** Where it may only be read, all its controls are disabled. */
  may: boolean;
  children: ComponentChildren;
}

/** Controls that can be used together, or not at all. It takes no place in the layout itself. */
export function Editable({ may, children }: EditableProps) {
  return (
    <fieldset class={styles.editable} disabled={!may}>
      {children}
    </fieldset>
  );
}
