/** Requests, and their answers as data. */

import { findWinner, NO_ANSWER, type Problem } from '../core/problem';
import type { Answer } from './store';
import type { World } from './world';

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

type Http = World['http'];

/** Rejects with a `Problem` where there is no answer. */
export async function read<T>(
  http: Http,
  address: string,
  query: Readonly<Record<string, string>> = {},
): Promise<T> {
  const asked = new URLSearchParams(query).toString();
  return (await (await http(asked === '' ? address : `${address}?${asked}`)).json()) as T;
}

export async function ask<T>(
  http: Http,
  method: string,
  address: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<T>> {
  try {
    const json = body !== undefined && { 'Content-Type': 'application/json' };
    const response = await http(address, {
      method,
      headers: { ...json, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const value = (response.status === 204 ? undefined : await response.json()) as T;
    return { ok: true, value };
  } catch (failure) {
    const problem = asProblem(failure);
    return { ok: false, problem, winner: findWinner(problem) };
  }
}

/** A refusal as plain data. Whatever else went wrong on the way is no answer. */
export function asProblem(failure: unknown): Problem {
  if (typeof failure !== 'object' || failure === null || !('status' in failure)) return NO_ANSWER;
  const { status, title, detail, errors, body } = { ...NO_ANSWER, ...failure } as Problem;
  return { status, title, detail, errors, body };
}
