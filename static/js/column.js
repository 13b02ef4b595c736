// One column of the try page: its stream, its Stop, its error, and what was kept of it.
//
// A [data-try-column] holds one each of [data-title], [data-model], [data-stop-one], [data-idle],
// [data-stream] (with [data-demo], [data-clock] and [data-text]), [data-result], [data-note] and
// [data-error] (with [data-message]). Every sentence comes from data-text-* of the form.
import { events } from "./sse.js";

const locale = document.documentElement.lang;

/** Puts values into the {places} of a sentence. */
export const fill = (sentence, values) =>
  sentence.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

/** Why there is no answer, and when another try may help: "in 20 seconds", "from 14:05". */
export function reason({ code = "", message, retry_after: seconds }, texts) {
  const said = message || texts.textFailed;
  // Those who wait for others are told so by the sentence.
  const time = code.endsWith("_busy") ? "" : when(seconds, texts);
  return time ? `${said} ${time}` : said;
}

function when(seconds, texts) {
  if (!(seconds > 0)) return "";
  if (seconds <= 90) {
    return fill(texts.textRetrySoon, { seconds: Math.ceil(seconds).toLocaleString(locale) });
  }
  const moment = new Date(Date.now() + seconds * 1000);
  const later = moment.toDateString() !== new Date().toDateString();
  const time = moment.toLocaleString(locale, {
    ...(later ? { day: "numeric", month: "long" } : {}),
    hour: "numeric",
    minute: "2-digit",
  });
  return fill(texts.textRetry, { time });
}

export class Column {
  id = null;
  url = null;
  running = false;
  outcome = "";

  /** `pageOf(id)` is the address of a try's own page; `ended(column)` is told of each end. */
  constructor(element, texts, pageOf, ended) {
    this.element = element;
    this.texts = texts;
    this.pageOf = pageOf;
    this.ended = ended;
    const stop = this.part("stop-one");
    stop.addEventListener("click", () => {
      this.stop();
      // The button is gone: whoever pressed it is still at this column.
      element.focus({ preventScroll: true });
    });
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  show(name, on) {
    this.part(name).hidden = !on;
  }

  /** Names what this column runs. */
  name({ title, model, demo }) {
    this.title = title;
    this.part("title").textContent = title;
    this.part("model").textContent = model;
    this.show("demo", demo);
    this.part("stream").classList.toggle("answer--demo", demo);
  }

  /** Makes room for an answer and counts the seconds. `several`: it can be stopped by itself. */
  begin(id, several) {
    this.id = id;
    this.url = null;
    this.controller = new AbortController();
    this.running = true;
    this.stopped = false;
    this.outcome = "";
    this.part("text").textContent = "";
    this.part("result").replaceChildren();
    for (const name of ["idle", "result", "error", "note"]) this.show(name, false);
    this.show("stream", true);
    this.show("stop-one", several);
    this.part("stream").setAttribute("aria-busy", "true");
    const started = performance.now();
    const tick = () => {
      const seconds = Math.floor((performance.now() - started) / 1000);
      this.part("clock").textContent = fill(this.texts.textWorking, {
        seconds: seconds.toLocaleString(locale),
      });
    };
    tick();
    this.timer = setInterval(tick, 1000);
  }

  /** As if nothing had been run. */
  rest() {
    this.over("");
    for (const name of ["stream", "result", "error", "note"]) this.show(name, false);
    this.show("idle", true);
  }

  /** Runs a try that was admitted: {try: its id, url: where a POST starts it, once}. */
  async run({ try: id, url }, token) {
    Object.assign(this, { id, url, token });
    const response = await this.fetch(url, {
      headers: { Accept: "text/event-stream", "X-CSRFToken": token },
    });
    if (response) await this.follow(response);
  }

  /** Posts for this column; null where that has ended it. */
  async fetch(url, options) {
    try {
      return await fetch(url, { method: "POST", signal: this.controller.signal, ...options });
    } catch {
      await this.broken();
      return null;
    }
  }

  /** Reads the answer to its end. */
  async follow(response) {
    const type = response.headers.get("Content-Type") ?? "";
    if (!type.startsWith("text/event-stream") || !response.ok) {
      const said = type.startsWith("application/json") ? await response.json().catch(() => ({})) : {};
      this.failed(said);
      return;
    }
    try {
      await this.read(response.body);
    } catch {
      if (this.running) await this.broken();
    }
  }

  async read(body) {
    for await (const { event, data } of events(body)) {
      const said = JSON.parse(data);
      if (event === "start") {
        this.id = said.try;
      } else if (event === "delta") {
        this.part("text").append(said.text);
      } else if (event === "done") {
        this.insert(said.html);
        this.end("done");
        return;
      } else if (event === "error") {
        this.failed(said);
        return;
      }
    }
    await this.broken();
  }

  stop() {
    if (!this.running) return;
    this.stopped = true;
    this.controller.abort();
  }

  insert(html) {
    const result = this.part("result");
    // The server made and sanitised this HTML; nothing else ever goes in as HTML.
    result.innerHTML = html;
    result.hidden = false;
    this.show("stream", false);
    result.dispatchEvent(new CustomEvent("part:inserted", { bubbles: true }));
  }

  note(text) {
    this.part("note").textContent = text;
    this.show("note", true);
  }

  failed(said) {
    const message = reason(said, this.texts);
    const error = this.part("error");
    error.querySelector("[data-message]").textContent = message;
    error.hidden = false;
    // What had come by then still stands there.
    this.show("stream", this.part("text").textContent !== "");
    this.end("error", message);
  }

  async broken() {
    if (this.stopped) {
      const empty = this.part("text").textContent === "";
      this.show("stream", !empty);
      this.note(this.texts.textStopped);
      this.end("stopped", this.texts.textStopped);
      return;
    }
    // The connection broke: the server has kept whatever it had, under the try's own address.
    const { id } = this;
    if (await this.showKept()) return;
    this.failed({ message: this.texts.textLost });
    if (navigator.onLine) return;
    const again = async () => {
      // A new run meanwhile has the place to itself.
      if (this.id !== id || this.running || !(await this.showKept())) return;
      this.show("error", false);
    };
    addEventListener("online", again, { once: true });
  }

  // Shows what the server has kept of the try, as its own page does; false without a connection.
  async showKept() {
    const { id } = this;
    let kept = null;
    try {
      const response = await fetch(this.pageOf(id), { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      kept = response.ok ? page.querySelector(`[data-try-kept="${id}"]`) : null;
    } catch {
      return false;
    }
    if (!kept || this.id !== id) return false;
    if (kept.dataset.state === "waiting" && this.url) {
      // It was never started, so starting it now is the first time.
      this.begin(id, !this.part("stop-one").hidden);
      await this.run({ try: id, url: this.url }, this.token);
      return true;
    }
    this.insert(kept.innerHTML);
    this.note(this.texts.textKept);
    this.end("kept", this.texts.textKept);
    return true;
  }

  end(outcome, message = "") {
    this.over(outcome);
    this.ended(this, message);
  }

  over(outcome) {
    clearInterval(this.timer);
    this.running = false;
    this.outcome = outcome;
    this.part("clock").textContent = "";
    this.part("stream").removeAttribute("aria-busy");
    this.show("stop-one", false);
  }
}
