import { useState } from 'preact/hooks';
import { api, type Schema, take } from '../../api/client';
import { agentName } from '../../live/directory';
import { formatShort, t } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Button, Checkbox, Skeleton, TextArea, TextField, toast, useLoaded } from '../../ui';
import { useOwnChanges } from '../contacts/own-changes';
import styles from './contact-panel.module.css';
import { words } from './texts';

const SHOWN = 20;

/** What is to be done for the contact; a task is ticked off here. */
export function Tasks({ contactId }: { contactId: string }) {
  const path = { contact_id: contactId };
  const [title, setTitle] = useState('');
  const loaded = useLoaded(async () => {
    const query = { limit: SHOWN };
    return (await take(api.GET('/v1/contacts/{contact_id}/tasks', { params: { path, query } })))
      .items;
  }, contactId);
  const tasks = useOwnChanges(loaded.value);
  const act = async (doing: Promise<Schema<'TaskView'>>) => {
    try {
      tasks.put(await doing);
      return true;
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
      return false;
    }
  };
  const add = async () => {
    const body = { title: title.trim(), state: 'open' as const };
    if (!body.title) return;
    const address = '/v1/contacts/{contact_id}/tasks';
    if (await act(take(api.POST(address, { params: { path }, body })))) setTitle('');
  };
  return (
    <section class={styles.part}>
      <h3>{words('tasks')}</h3>
      {loaded.state === 'loading' && <Skeleton rows={1} height={24} />}
      <ul class={styles.items}>
        {tasks.items.map((task) => (
          <li key={task.id} class={styles.task}>
            <Checkbox
              label={task.title}
              checked={task.state === 'done'}
              hint={task.due_at ? `${words('dueAt')} ${formatShort(task.due_at)}` : undefined}
              onChecked={(checked) =>
                void act(
                  take(
                    api.PATCH('/v1/tasks/{task_id}', {
                      params: { path: { task_id: task.id } },
                      body: { state: checked ? 'done' : 'open' },
                    }),
                  ),
                )
              }
            />
          </li>
        ))}
      </ul>
      <form
        class={styles.adding}
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <TextField
          bare
          label={words('addTask')}
          placeholder={words('addTask')}
          value={title}
          onValue={setTitle}
        />
        <Button type="submit" disabled={!title.trim()}>
          {t('add')}
        </Button>
      </form>
    </section>
  );
}

export function Notes({ contactId }: { contactId: string }) {
  const path = { contact_id: contactId };
  const [text, setText] = useState('');
  const loaded = useLoaded(async () => {
    const query = { limit: SHOWN };
    return (await take(api.GET('/v1/contacts/{contact_id}/notes', { params: { path, query } })))
      .items;
  }, contactId);
  const notes = useOwnChanges(loaded.value);
  const add = async () => {
    try {
      const body = { text: text.trim() };
      const address = '/v1/contacts/{contact_id}/notes';
      notes.put(await take(api.POST(address, { params: { path }, body })));
      setText('');
    } catch (problem) {
      toast(sayProblem(problem), 'bad');
    }
  };
  return (
    <section class={styles.part}>
      <h3>{words('notes')}</h3>
      <form
        class={styles.noting}
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <TextArea
          bare
          rows={2}
          label={words('addNote')}
          placeholder={words('addNote')}
          value={text}
          onValue={setText}
        />
        {text.trim() && (
          <Button type="submit" small kind="primary">
            {t('save')}
          </Button>
        )}
      </form>
      {loaded.state === 'loading' && <Skeleton rows={1} height={24} />}
      <ul class={styles.items}>
        {notes.items.map((note) => (
          <li key={note.id} class={styles.note}>
            <p class={styles.noteText}>{note.text}</p>
            <p class={styles.noteBy}>
              {note.created_by && agentName(note.created_by)} · {formatShort(note.created_at)}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
