/** Server-sent events out of the pieces in which they arrive. */

export interface SentEvent {
  readonly type: string;
  readonly data: string;
  /** Empty for an event that is not stored: a reader resumes after the one before. */
  readonly id: string;
}

export class SentEvents {
  #rest = '';
  #fields = new Map<string, string>();

  /** The events that the piece completes. Comments are none. */
  read(piece: string): SentEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    const found: SentEvent[] = [];
    for (const line of lines) {
      if (line !== '') this.#note(line);
      else if (this.#fields.size > 0) found.push(this.#finish());
    }
    return found;
  }

  #note(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    const before = name === 'data' ? this.#fields.get(name) : undefined;
    this.#fields.set(name, before === undefined ? value : `${before}\n${value}`);
  }

  #finish(): SentEvent {
    const fields = this.#fields;
    this.#fields = new Map();
    return {
      type: fields.get('event') ?? 'message',
      data: fields.get('data') ?? '',
      id: fields.get('id') ?? '',
    };
  }
}
