import { sayDetail } from '../texts/details';

export interface FieldError {
  /** The path of the field in the body: `members.0.agent_id`. */
  readonly field: string;
  readonly detail: string;
}

/** An answer of the gateway that is not a success: its `application/problem+json`. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';

  constructor(
    /** 0: no answer. */
    readonly status: number,
    readonly title: string,
    /** In the language of the page, as those of the fields. */
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    /** All members of the problem, those of one kind of problem among them. */
    readonly body: Readonly<Record<string, unknown>> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail || title || `HTTP ${status}`);
  }
}

export async function readProblem(response: Response): Promise<ApiProblem> {
  const body = asRecord(await response.json().catch(() => null));
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const errors = readErrors(body.errors);
  const wait = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return new ApiProblem(
    response.status,
    text('title'),
    // With several wrong fields, it lists what is said of each.
    errors.length > 1 ? errors.map(({ detail }) => detail).join(' ') : sayDetail(text('detail')),
    errors,
    body,
    Number.isFinite(wait) ? wait : null,
  );
}

function readErrors(found: unknown): FieldError[] {
  if (!Array.isArray(found)) return [];
  return found.map(asRecord).map((error) => ({
    field: String(error.field ?? '').replace(/^body\.?/, ''),
    detail: sayDetail(String(error.detail ?? '')),
  }));
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
