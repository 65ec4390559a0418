/** A typed client: every path, parameter, body and answer is that of docs/openapi.json. */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";
export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
export type Slotbridge = Client<paths, "application/json">;

export interface Options {
  /** Where the functions are reached: `/slots` is the function `slots`. */
  baseUrl: string;
  /** The bearer token of the next call: an ID token, a management token, or none. */
  token?: () => string | undefined | Promise<string | undefined>;
  /** Another fetch, for tests. */
  fetch?: (request: Request) => Promise<Response>;
}

/** What was answered instead of what was asked for; `problem.code` is stable. */
export class ProblemError extends Error {
  readonly problem: Problem;
  /** After how many seconds it is worth another try; undefined where that is not said. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.name = "ProblemError";
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** Calls the functions below one address. */
export function slotbridge(options: Options): Slotbridge {
  const client = createClient<paths, "application/json">({
    baseUrl: options.baseUrl,
    ...(options.fetch ? { fetch: options.fetch } : {}),
  });
  client.use({
    async onRequest({ request }) {
      const token = await options.token?.();
      if (token !== undefined && !request.headers.has("Authorization")) {
        request.headers.set("Authorization", `Bearer ${token}`);
      }
      return request;
    },
  });
  return client;
}

/** The answer of a call, or its problem as an error. */
export async function answered<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  throw new ProblemError(asProblem(error, response.status), Number.isNaN(seconds) ? undefined : seconds);
}

/** A body that is no problem (a proxy's page, say) becomes one, so that callers know one kind of error. */
function asProblem(error: unknown, status: number): Problem {
  if (typeof error === "object" && error !== null && "code" in error && "detail" in error) {
    return error as Problem;
  }
  const code = "unreadable_answer";
  const detail = "the answer is not one of Slotbridge's";
  return { type: `urn:slotbridge:problem:${code}`, title: "Unreadable answer", status, code, detail };
}
