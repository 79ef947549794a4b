// Talks to the API with a bearer token, and follows the event stream across breaks.

export class SignedOut extends Error {}

export async function get(path, token, signal) {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${token}` }, signal });
  if (answer.status === 401) throw new SignedOut();
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail || `${answer.status}`);
  }
  return answer.json();
}

// Yields {id, name, data} from the bytes of server-sent events; data is parsed JSON.
async function* read(body) {
  const lines = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", event = { id: "", name: "", data: "" };
  while (true) {
    const { value, done } = await lines.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const line of parts) {
      if (line === "") {
        if (event.data) yield { ...event, data: JSON.parse(event.data) };
        event = { id: "", name: "", data: "" };
      } else if (line.startsWith("id: ")) event.id = line.slice(4);
      else if (line.startsWith("event: ")) event.name = line.slice(7);
      else if (line.startsWith("data: ")) event.data += line.slice(6);
    }
  }
}

// Follows the stream from `cursor` until `signal` aborts. `on.fact` gets each fact; `on.reset`
// is asked for a new cursor when something could be missing; `on.state` hears live or lost.
export async function follow(desk, cursor, token, on, signal) {
  let last = cursor, wait = 500;
  while (!signal.aborted) {
    try {
      const answer = await fetch(`/v1/events?desk=${encodeURIComponent(desk)}`, {
        headers: { Authorization: `Bearer ${token}`, "Last-Event-ID": last }, signal,
      });
      if (answer.status === 401) throw new SignedOut();
      if (!answer.ok) throw new Error(`${answer.status}`);
      on.state(true);
      wait = 500;
      for await (const event of read(answer.body)) {
        if (event.id) last = event.id;
        if (event.name === "reset") last = await on.reset();
        else if (event.name !== "bye") on.fact(event.data);
      }
    } catch (error) {
      if (error instanceof SignedOut || signal.aborted) throw error;
    }
    on.state(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, 10_000);
  }
}
