import type { ButtonHTMLAttributes, ComponentChildren, Ref } from 'preact';
import styles from './button.module.css';
import { Icon, type IconName } from './icon';
import { join } from './join';

type Given = Omit<
  ButtonHTMLAttributes<HTMLButtonElement>,
  'ref' | 'icon' | 'label' | 'class' | 'disabled'
>;

export interface ButtonProps extends Given {
  kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  small?: boolean;
  class?: string;
  disabled?: boolean;
  icon?: IconName;
  /** Its action is under way: it says so and takes no second click. */
  busy?: boolean;
  buttonRef?: Ref<HTMLButtonElement>;
  children?: ComponentChildren;
}

export function Button(props: ButtonProps) {
  const { kind = 'plain', small, icon, busy, buttonRef, children, ...rest } = props;
  return (
    <button
      type="button"
      {...(rest as object)}
      ref={buttonRef}
      class={join(styles.button, styles[kind], small && styles.small, rest.class)}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
    >
      {icon && <Icon name={icon} size={small ? 16 : 18} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  icon: IconName;
  label: string;
  /** What is shown of a count at the icon; the label has to say it, too. */
  badge?: ComponentChildren;
}

/** A button that shows only an icon: its label is its name, and its tooltip. */
export function IconButton({ label, badge, kind = 'quiet', ...rest }: IconButtonProps) {
  return (
    <Button
      {...rest}
      kind={kind}
      class={join(styles.only, rest.class)}
      aria-label={label}
      title={label}
    >
      {badge}
    </Button>
  );
}
