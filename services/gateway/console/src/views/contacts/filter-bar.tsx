import { useEffect, useState } from 'preact/hooks';
import { agentName, agents } from '../../live/directory';
import { t } from '../../texts';
import { Button, type Choice, Icon, type Option, Picker } from '../../ui';
import { useTags } from '../inbox/filters-bar';
import { sayCare } from './columns';
import styles from './contacts.module.css';
import { type Chosen, choose, isFiltered } from './filter';
import { type Setup, useSetup } from './setup';
import { words } from './texts';

const PAUSE_MS = 250;

interface FilterBarProps {
  chosen: Chosen;
  onChoose: (chosen: Chosen) => void;
}

/** What the table is filtered by; each filter says what is chosen. */
export function FilterBar({ chosen, onChoose }: FilterBarProps) {
  const setup = useSetup();
  const [query, setQuery] = useState('');
  const tags = useTags(query);
  const put = (name: string, value: string) =>
    onChoose(choose(chosen, { [name]: chosen[name] === value ? '' : value }));
  const offers = [
    offer('tag', words('tag'), texts(tags)),
    offer('warehouse', words('warehouse'), named(setup.warehouses)),
    offer('assignee', words('assignee'), [
      { value: 'me', text: words('me') },
      { value: 'none', text: words('nobody') },
      ...named(agents.value),
    ]),
    offer('step', words('step'), steps(setup)),
    offer('campaign', words('campaign'), named(setup.campaigns)),
    offer(
      'care_status',
      words('careStatus'),
      (['multi_assign_pending', 'multi_assigned'] as const).map((value) => {
        return { value, text: sayCare(value) };
      }),
    ),
  ].filter((one) => one.choices.length > 0 || chosen[one.name] || one.name === 'tag');
  return (
    <div class={styles.filters} role="group" aria-label={words('filters')}>
      <Search value={chosen.q ?? ''} onValue={(q) => onChoose(choose(chosen, { q }))} />
      {offers.map(({ name, title, choices }) => {
        const value = chosen[name];
        const said = value && sayChoice(name, value, choices);
        return (
          <Picker
            key={name}
            small
            kind="plain"
            label={said ? `${title}: ${said}` : title}
            aria-pressed={value !== undefined}
            options={choices.map((one): Option => ({ ...one, chosen: one.value === value }))}
            onQuery={name === 'tag' ? setQuery : undefined}
            onPick={(picked) => put(name, picked)}
          >
            {said || title}
          </Picker>
        );
      })}
      {setup.fields.map((field) => (
        <CustomFilter
          key={field.id}
          field={field}
          value={chosen[`custom.${field.id}`]}
          onPick={(value) => put(`custom.${field.id}`, value)}
        />
      ))}
      {isFiltered(chosen) && (
        <Button
          small
          kind="quiet"
          icon="close"
          onClick={() => onChoose(choose({}, { sort: chosen.sort ?? '' }))}
        >
          {words('clearFilters')}
        </Button>
      )}
    </div>
  );
}

interface CustomFilterProps {
  field: Setup['fields'][number];
  value: string | undefined;
  onPick: (value: string) => void;
}

/** One of a field's choices, or what is typed. */
function CustomFilter({ field, value, onPick }: CustomFilterProps) {
  const { name, type } = field;
  const yesNo = [
    { value: 'true', text: t('yes') },
    { value: 'false', text: t('no') },
  ];
  const choices = type === 'yes_no' ? yesNo : texts(field.choices ?? []);
  const said = value && (choices.find((one) => one.value === value)?.text ?? value);
  const isFree = type !== 'yes_no' && type !== 'choice';
  const kept = isFree && value ? [{ value, text: value }] : choices;
  return (
    <Picker
      small
      kind="plain"
      label={said ? `${name}: ${said}` : name}
      aria-pressed={value !== undefined}
      options={kept.map((one): Option => ({ ...one, chosen: one.value === value }))}
      free={isFree ? (typed) => `${name}: ${typed}` : undefined}
      onPick={onPick}
    >
      {said ? `${name}: ${said}` : name}
    </Picker>
  );
}

function Search({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed begins the wait
  useEffect(() => {
    if (typed === value) return;
    const waiting = setTimeout(() => onValue(typed), PAUSE_MS);
    return () => clearTimeout(waiting);
  }, [typed]);
  return (
    <div class={styles.search}>
      <Icon name="search" size={16} />
      <input
        type="search"
        aria-label={words('search')}
        placeholder={words('search')}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </div>
  );
}

function offer(name: string, title: string, choices: readonly Choice[]) {
  return { name, title, choices };
}

function texts(given: readonly string[]): readonly Choice[] {
  return given.map((value) => ({ value, text: value }));
}

export function named(items: readonly { id: string; name: string }[]): readonly Choice[] {
  return items.map(({ id, name }) => ({ value: id, text: name }));
}

export function steps({ pipelines }: Setup): readonly Choice[] {
  return pipelines.flatMap(({ id, name, steps: all }) =>
    all.map((step) => ({
      value: `${id}:${step.id}`,
      text: pipelines.length > 1 ? `${name} · ${step.name}` : step.name,
    })),
  );
}

function sayChoice(name: string, value: string, choices: readonly Choice[]): string {
  if (name === 'assignee' && value !== 'me' && value !== 'none') return agentName(value);
  return choices.find((one) => one.value === value)?.text ?? value;
}
