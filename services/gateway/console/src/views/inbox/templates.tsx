import type { RefObject } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { api, take } from '../../api/client';
import type { Conversation } from '../../core/model';
import { readAll } from '../../live/directory';
import { me } from '../../session';
import { matching, OptionList, useLoaded, useOptions } from '../../ui';
import { fillIn } from './fill-in';
import { words } from './texts';

type Channel = 'facebook' | 'zalo' | 'livechat';

interface TemplatesProps {
  /** It keeps the focus, and has the keys. */
  input: RefObject<HTMLTextAreaElement | null>;
  query: string;
  row: Conversation;
  onPick: (text: string) => void;
  onClose: () => void;
}

/** The organization's templates, by what is typed after `/` (I7). The text is filled in here, so
 * that the agent sees what they send and may change it. */
export function Templates({ input, query, row, onPick, onClose }: TemplatesProps) {
  const channel = row.channel as Channel;
  const { value: found = [] } = useLoaded(
    () =>
      readAll((cursor, limit) =>
        take(api.GET('/v1/templates', { params: { query: { channel, cursor, limit } } })),
      ),
    channel,
  );
  const options = useMemo(
    () => found.map(({ id, title, text }) => ({ value: id, text: title, hint: text })),
    [found],
  );
  const shown = matching(options, query);
  const pick = (id: string) => {
    const template = found.find((one) => one.id === id);
    if (template) onPick(fillIn(template.text, row.customer.name ?? '', me.value?.name ?? ''));
  };
  const state = useOptions(shown, pick);
  const { onKey } = state;
  useEffect(() => {
    const area = input.current;
    const pressed = (event: KeyboardEvent) => {
      if (onKey(event) || event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      onClose();
    };
    area?.addEventListener('keydown', pressed, true);
    return () => area?.removeEventListener('keydown', pressed, true);
  });
  return (
    <OptionList
      label={words('templates')}
      options={shown}
      state={state}
      onPick={pick}
      empty={words('noTemplates')}
    />
  );
}
