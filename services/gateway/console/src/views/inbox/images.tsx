import type { Line } from '../../live/store';
import { Dialog, IconButton } from '../../ui';
import { words } from './texts';
import styles from './thread-line.module.css';

/** Addresses of the gateway alone: the page may ask nobody else. */
export function isOurs(url: string | null | undefined): url is string {
  return url?.startsWith('/') === true && !url.startsWith('//');
}

export function imagesOf(lines: readonly Line[]): readonly string[] {
  return lines
    .flatMap(({ message }) => message.attachments)
    .filter(({ kind }) => kind === 'image' || kind === 'sticker')
    .map(({ url }) => url)
    .filter(isOurs);
}

interface ImageViewerProps {
  images: readonly string[];
  at: string;
  onMove: (image: string) => void;
  onClose: () => void;
}

export function ImageViewer({ images, at, onMove, onClose }: ImageViewerProps) {
  const index = images.indexOf(at);
  const move = (by: number) => {
    const next = images[index + by];
    if (next) onMove(next);
  };
  return (
    <Dialog wide title={`${words('image')} ${index + 1}/${images.length}`} onClose={onClose}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrows do what its buttons do */}
      <div
        class={styles.viewer}
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') move(1);
          if (event.key === 'ArrowLeft') move(-1);
        }}
      >
        <IconButton
          icon="left"
          label={words('previous')}
          disabled={index <= 0}
          onClick={() => move(-1)}
        />
        <img src={at} alt={words('image')} />
        <IconButton
          icon="right"
          label={words('next')}
          disabled={index >= images.length - 1}
          onClick={() => move(1)}
        />
      </div>
    </Dialog>
  );
}
