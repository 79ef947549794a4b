// Follows a desk's event stream across breaks: after each one it goes on behind the last event.
import { SignedOut } from "./api.js";

const FIRST_WAIT_MS = 300, LONGEST_WAIT_MS = 3_000;
const SILENCE_MS = 25_000; // the server speaks every 10 s: a silent connection is a dead one

async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", one = { id: "", name: "", data: "" };
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (one.data) yield { ...one, data: JSON.parse(one.data) };
        one = { id: "", name: "", data: "" };
      } else if (line.startsWith("id: ")) one.id = line.slice(4);
      else if (line.startsWith("event: ")) one.name = line.slice(7);
      else if (line.startsWith("data: ")) one.data += line.slice(6);
    }
  }
}

const pause = (ms, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
});

// `on.opened(resumed)` comes before any event of a connection, `on.fact(fact)` for each,
// `on.reset()` when something could be missing, `on.lost()` when the connection is gone.
export async function follow(desk, on, signal) {
  let last = "", wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    const connection = new AbortController();
    const either = AbortSignal.any([signal, connection.signal]);
    let timer = setTimeout(() => connection.abort(), SILENCE_MS);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => connection.abort(), SILENCE_MS);
    };
    try {
      const answer = await fetch(`/v1/events?desk=${encodeURIComponent(desk)}`, {
        credentials: "same-origin", signal: either,
        headers: last ? { "Last-Event-ID": last } : {},
      });
      if (answer.status === 401) throw new SignedOut();
      if (!answer.ok) throw new Error(`${answer.status}`);
      wait = FIRST_WAIT_MS;
      on.opened(Boolean(last));
      for await (const event of events(answer.body, heard)) {
        if (event.id) last = event.id;
        if (event.name === "reset") { last = ""; on.reset(); }
        else if (event.name !== "bye") on.fact(event.data);
      }
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      if (!(error instanceof TypeError || error.name === "AbortError"
        || /^\d+$/.test(error.message))) console.error(error);
    } finally {
      clearTimeout(timer);
      connection.abort();
    }
    if (signal.aborted) return;
    on.lost();
    await pause(wait * (0.5 + Math.random()), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}
