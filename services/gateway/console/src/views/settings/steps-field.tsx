import { newId } from '../../api/new-id';
import { t } from '../../texts';
import { Button, IconButton, TextField } from '../../ui';
import styles from './settings.module.css';
import { words } from './texts';

interface Step {
  id: string;
  name: string;
  color: string | null;
}

const NEW_COLOUR = '#3654d9';

interface StepsFieldProps {
  value: unknown;
  set: (value: unknown) => void;
}

/** The steps of a pipeline in their order, each with a colour. */
export function StepsField({ value, set }: StepsFieldProps) {
  const steps = Array.isArray(value) ? (value as readonly Step[]) : [];
  const change = (at: number, changes: Partial<Step>) =>
    set(steps.map((step, index) => (index === at ? { ...step, ...changes } : step)));
  const move = (at: number, by: number) => {
    const moved = steps.filter((_, index) => index !== at);
    const step = steps[at];
    if (step) set([...moved.slice(0, at + by), step, ...moved.slice(at + by)]);
  };
  return (
    <div>
      <ol aria-label={words('steps')}>
        {steps.map((step, at) => (
          <li key={step.id} class={styles.step}>
            <TextField
              bare
              label={words('stepNumber', at + 1)}
              value={step.name}
              required
              onValue={(name) => change(at, { name })}
            />
            <input
              type="color"
              aria-label={words('colourOf', step.name)}
              value={step.color ?? NEW_COLOUR}
              onInput={(event) => change(at, { color: event.currentTarget.value })}
            />
            <IconButton
              small
              icon="left"
              label={words('earlier', step.name)}
              disabled={at === 0}
              onClick={() => move(at, -1)}
            />
            <IconButton
              small
              icon="right"
              label={words('later', step.name)}
              disabled={at === steps.length - 1}
              onClick={() => move(at, 1)}
            />
            <IconButton
              small
              icon="trash"
              label={`${t('remove')} ${step.name}`}
              onClick={() => set(steps.filter((_, index) => index !== at))}
            />
          </li>
        ))}
      </ol>
      <Button
        small
        icon="plus"
        onClick={() => set([...steps, { id: newId(), name: '', color: NEW_COLOUR }])}
      >
        {words('addStep')}
      </Button>
    </div>
  );
}
