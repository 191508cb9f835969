import type { TargetedEvent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiProblem, api, type FieldError, type Schema } from '../../api/client';
import { newId } from '../../api/new-id';
import { agentName, pageName, pages } from '../../live/directory';
import { href } from '../../router';
import { hasRight } from '../../session';
import { t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Checkbox, Confirm, Many, Notice, SelectField, TextField, toast } from '../../ui';
import type { Draft } from './coverage';
import { Members } from './members';
import styles from './rules.module.css';
import { words } from './texts';

type RuleIn = Schema<'RuleIn'>;
const SHOWN_NAMES = 6;

interface EditorProps {
  /** Null for a rule that is being made. */
  id: string | null;
  begun: Draft;
  /** `version` is that of the write, which the list then has to show. */
  onChanged: (id: string | null, version: number | undefined) => Promise<void>;
}

export function Editor({ id, begun, onChanged }: EditorProps) {
  const [start, setStart] = useState(() => draftOf(begun));
  const [draft, setDraft] = useState(start);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [removing, setRemoving] = useState(false);
  const may = hasRight('manage');
  const dirty = JSON.stringify(draft) !== JSON.stringify(start);
  useLeaveGuard(dirty);
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const errors: readonly FieldError[] = problem instanceof ApiProblem ? problem.errors : [];
  const errorOf = (field: string) => errors.find((error) => error.field === field)?.detail;

  const act = async (run: () => Promise<[string | null, Response]>) => {
    setBusy(true);
    setProblem(null);
    try {
      const [to, response] = await run();
      await onChanged(to, versionOf(response));
      toast(t('saved'));
    } catch (failure) {
      setProblem(failure);
    } finally {
      setBusy(false);
    }
  };
  const save = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    void act(async () => {
      const path = { rule_id: id ?? `rule-${newId().slice(0, 12)}` };
      const body = draft as RuleIn;
      const { response } = await api.PUT('/v1/rules/{rule_id}', { params: { path }, body });
      setStart(draft);
      return [path.rule_id, response];
    });
  };
  const remove = () => {
    setRemoving(false);
    if (id === null) return;
    void act(async () => {
      const path = { rule_id: id };
      const { response } = await api.DELETE('/v1/rules/{rule_id}', { params: { path } });
      return [null, response];
    });
  };

  return (
    <form class={styles.editor} onSubmit={save}>
      <header class={styles.head}>
        <a class={styles.back} href={href('rules')}>
          {t('back')}
        </a>
        <h2>{id === null ? words('newRule') : start.name}</h2>
      </header>
      <p class={styles.sentence}>{sentenceOf(draft)}</p>
      {!may && <Notice>{t('forbidden')}</Notice>}
      {problem !== null && <Notice tone="bad">{sayProblem(problem)}</Notice>}
      <fieldset class={styles.fields} disabled={!may || busy}>
        <TextField
          label={words('name')}
          required
          maxLength={200}
          value={draft.name}
          error={errorOf('name')}
          onValue={(name) => set({ name })}
        />
        <Checkbox
          label={words('enabled')}
          hint={words('enabledHint')}
          checked={draft.enabled}
          onChecked={(enabled) => set({ enabled })}
        />
        <div class={styles.pair}>
          <SelectField
            label={words('mode')}
            value={draft.mode}
            choices={(['sequential', 'random', 'least_loaded'] as const).map((mode) => ({
              value: mode,
              text: words(mode),
            }))}
            onValue={(mode) => set({ mode })}
          />
          <SelectField
            label={words('appliesTo')}
            value={draft.applies_to}
            choices={[
              { value: 'online', text: words('online') },
              { value: 'all', text: words('everybody') },
            ]}
            onValue={(applies_to) => set({ applies_to })}
          />
        </div>
        <SelectField
          label={words('covers')}
          value={draft.pages === null ? 'default' : 'named'}
          choices={[
            { value: 'default', text: words('coversDefault') },
            { value: 'named', text: words('coversNamed') },
          ]}
          onValue={(which) => set({ pages: which === 'default' ? null : (start.pages ?? []) })}
        />
        {draft.pages !== null && (
          <Many
            label={words('pagesLabel')}
            choices={pages.value.map(({ id: value, name }) => ({ value, text: name }))}
            value={draft.pages}
            disabled={!may}
            error={errorOf('pages')}
            onValue={(chosen) => set({ pages: [...chosen] })}
          />
        )}
        <Members
          members={draft.members}
          disabled={!may}
          onMembers={(members) => set({ members })}
        />
      </fieldset>
      {may && (
        <footer class={styles.foot}>
          <Button kind="primary" type="submit" busy={busy} disabled={!dirty && id !== null}>
            {t('save')}
          </Button>
          <Button disabled={!dirty || busy} onClick={() => setDraft(start)}>
            {words('discard')}
          </Button>
          {id !== null && (
            <Button kind="danger" icon="trash" onClick={() => setRemoving(true)}>
              {t('remove')}
            </Button>
          )}
        </footer>
      )}
      {removing && (
        <Confirm
          title={words('removeTitle', start.name)}
          action={t('remove')}
          danger
          onConfirm={remove}
          onClose={() => setRemoving(false)}
        >
          {words('removeText')}
        </Confirm>
      )}
    </form>
  );
}

function versionOf(response: Response): number | undefined {
  const version = Number(response.headers.get('ETag')?.replace(/\D/g, '') || Number.NaN);
  return Number.isSafeInteger(version) ? version : undefined;
}

function draftOf({ name, enabled, mode, applies_to, pages: covered, members }: Draft): Draft {
  return { name, enabled, mode, applies_to, pages: covered, members };
}

function sentenceOf(draft: Draft): string {
  const names = draft.members.map(({ agent_id }) => agentName(agent_id));
  const more = names.length - SHOWN_NAMES;
  const shown = names.slice(0, SHOWN_NAMES).join(draft.mode === 'sequential' ? ' → ' : ', ');
  const covered = draft.pages?.map(pageName).join(', ');
  return words('sentence', {
    enabled: draft.enabled,
    mode: draft.mode,
    online: draft.applies_to !== 'all',
    pages: draft.pages === null ? words('defaultPages') : covered || '…',
    members:
      names.length === 0
        ? words('everyAgentShort')
        : [shown, more > 0 && words('andMore', more)].filter(Boolean).join(' '),
  });
}

/** The browser asks before the page is left with changes that are not saved. */
function useLeaveGuard(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    const clicked = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (!link || confirm(words('leaveTitle'))) return;
      event.preventDefault();
      event.stopPropagation();
    };
    addEventListener('beforeunload', ask);
    document.addEventListener('click', clicked, true);
    return () => {
      removeEventListener('beforeunload', ask);
      document.removeEventListener('click', clicked, true);
    };
  }, [dirty]);
}
