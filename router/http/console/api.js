// Talks to the API with the login cookie. What changes anything carries the login's token.

export class SignedOut extends Error {}

// What the server refused: `reason` is for the program, `zh` and `detail` for people.
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || `${status}`);
    this.status = status;
    this.reason = problem.reason || "";
    this.zh = problem.title_zh || "";
    this.problem = problem;
  }
}

let csrf = "";
export const setToken = (token) => { csrf = token; };
export const token = () => csrf;

const TIMEOUT_MS = 20_000;

export async function ask(method, path, body, { headers = {}, raw = false, signal } = {}) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const sent = { ...headers };
  if (method !== "GET") sent["X-Zhiban-CSRF"] = csrf;
  if (body !== undefined && !raw) sent["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method, headers: sent, credentials: "same-origin",
    body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  });
  const type = answer.headers.get("Content-Type") || "";
  if (answer.ok) return type.includes("json") ? answer.json() : answer.blob();
  const problem = type.includes("json") ? await answer.json().catch(() => ({})) : {};
  if (answer.status === 401 && problem.reason !== "wrong_password") throw new SignedOut();
  throw new Refused(answer.status, problem);
}

const query = (params) => {
  const given = Object.entries(params || {}).filter(([, v]) => v !== "" && v != null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
};
export const part = encodeURIComponent;
export const get = (path, params, more) => ask("GET", path + query(params), undefined, more);
export const post = (path, body = {}, more) => ask("POST", path, body, more);
export const put = (path, body = {}, more) => ask("PUT", path, body, more);
export const del = (path, more) => ask("DELETE", path, undefined, more);
