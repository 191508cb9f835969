import { useEffect, useRef, useState } from 'preact/hooks';
import { request, type Schema } from '../../api/client';
import { newId } from '../../api/new-id';
import { formatBytes } from '../../texts';
import { sayProblem } from '../../texts/problems';
import { Icon, IconButton, toast } from '../../ui';
import styles from './composer.module.css';
import { words } from './texts';

interface Upload {
  key: string;
  file: File;
  preview: string | null;
  id: string | null;
}

export interface UploadsState {
  readonly items: readonly Upload[];
  /** The ids of those that are stored. */
  readonly ready: readonly string[];
  readonly busy: boolean;
  add(files: FileList | null | undefined): void;
  remove(key: string): void;
  choose(): void;
  clear(): void;
}

/** Files that go with the next reply; each is stored as soon as it is chosen. */
export function useUploads(): UploadsState {
  const [items, setItems] = useState<readonly Upload[]>([]);
  const latest = useRef(items);
  latest.current = items;
  useEffect(() => () => latest.current.forEach(forget), []);

  const store = async (upload: Upload) => {
    try {
      const body = new FormData();
      body.append('file', upload.file);
      const answer = await request('/v1/attachments', { method: 'POST', body });
      const { id } = (await answer.json()) as Schema<'AttachmentOut'>;
      setItems((all) => all.map((one) => (one.key === upload.key ? { ...one, id } : one)));
    } catch (problem) {
      toast(`${words('uploadFailed', upload.file.name)}: ${sayProblem(problem)}`, 'bad');
      remove(upload.key);
    }
  };
  const remove = (key: string) =>
    setItems((all) => {
      all.filter((one) => one.key === key).forEach(forget);
      return all.filter((one) => one.key !== key);
    });
  const add = (files: Iterable<File> | null | undefined) => {
    const added = [...(files ?? [])].map(begin);
    if (!added.length) return;
    setItems((all) => [...all, ...added]);
    for (const upload of added) void store(upload);
  };
  return {
    items,
    ready: items.flatMap(({ id }) => id ?? []),
    busy: items.some(({ id }) => id === null),
    add,
    remove,
    choose() {
      const input = document.createElement('input');
      input.type = 'file';
      input.multiple = true;
      input.onchange = () => add(input.files);
      input.click();
    },
    clear() {
      items.forEach(forget);
      setItems([]);
    },
  };
}

function begin(file: File): Upload {
  const preview = file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
  return { key: newId(), file, preview, id: null };
}

function forget({ preview }: Upload): void {
  if (preview) URL.revokeObjectURL(preview);
}

export function Uploads({ uploads }: { uploads: UploadsState }) {
  if (uploads.items.length === 0) return null;
  return (
    <ul class={styles.uploads} aria-label={words('attachment')}>
      {uploads.items.map(({ key, file, preview, id }) => (
        <li key={key} class={styles.upload} aria-busy={id === null}>
          {preview ? <img src={preview} alt="" /> : <Icon name="file" />}
          <span class={styles.uploadName}>{file.name}</span>
          <span>{id === null ? words('uploading') : formatBytes(file.size)}</span>
          <IconButton
            small
            icon="close"
            label={words('detach', file.name)}
            onClick={() => uploads.remove(key)}
          />
        </li>
      ))}
    </ul>
  );
}
