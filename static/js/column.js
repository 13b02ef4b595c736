// One column of the try page: its stream, its Stop, its error, and what was kept of it.
//
// A [data-try-column] holds one each of [data-title], [data-model], [data-stop-one], [data-idle],
// [data-stream] (with [data-demo], [data-clock] and [data-text]), [data-result], [data-note] and
// [data-error] (with [data-message]). Every sentence comes from data-text-* of the form.
import { keptOf, lookAgain, pause } from "./kept.js";
import { events } from "./sse.js";

const locale = document.documentElement.lang;
// The stream of a try that was begun before, by a request whose reply was lost.
const BEGUN_BEFORE = ["already_running", "stopped"];
// The site itself ends every try before that.
const LONGEST = 600_000;

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
  // Whether the site is known to keep it.
  admitted = false;
  running = false;
  outcome = "";

  /**
   * `site` has page(id) and run(id), the addresses of a try's own page and of where a POST begins
   * it, once, with token(); `ended(column)` is told of each end.
   */
  constructor(element, texts, site, ended) {
    this.element = element;
    this.texts = texts;
    this.site = site;
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
    // What still comes of an earlier run has no place here any more.
    this.controller?.abort();
    this.controller = new AbortController();
    this.id = id;
    this.several = several;
    this.admitted = false;
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

  /** Begins a try that was admitted. */
  async run(id) {
    this.id = id;
    this.admitted = true;
    const headers = { Accept: "text/event-stream", "X-CSRFToken": this.site.token() };
    const { controller } = this;
    let response;
    try {
      response = await fetch(this.site.run(id), { method: "POST", headers, signal: controller.signal });
    } catch {
      await this.broken(controller);
      return;
    }
    await this.follow(response);
  }

  /** Reads the answer to its end. */
  async follow(response) {
    const type = response.headers.get("Content-Type") ?? "";
    if (!type.startsWith("text/event-stream") || !response.ok) {
      const said = type.startsWith("application/json") ? await response.json().catch(() => ({})) : {};
      this.failed(said);
      return;
    }
    const { controller } = this;
    try {
      if (await this.read(response.body)) return;
    } catch {
      // As if it had ended too early.
    }
    await this.broken(controller);
  }

  // Whether the stream came to its own end.
  async read(body) {
    for await (const { event, data } of events(body)) {
      const said = JSON.parse(data);
      if (event === "start") {
        this.id = said.try;
        this.admitted = true;
      } else if (event === "delta") {
        this.part("text").append(said.text);
      } else if (event === "done") {
        this.insert(said.html);
        this.end("done");
        return true;
      } else if (event === "error") {
        if (BEGUN_BEFORE.includes(said.code)) return false;
        this.failed(said);
        return true;
      }
    }
    return false;
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

  /** The connection broke, or was given up: shows what the site has kept. */
  async broken(controller = this.controller) {
    // A new run meanwhile has the place to itself.
    const past = () => this.controller !== controller;
    if (past() || (await this.showKept()) || past()) return;
    if (this.stopped) {
      this.show("stream", this.part("text").textContent !== "");
      this.note(this.texts.textStopped);
      this.end("stopped", this.texts.textStopped);
      return;
    }
    this.failed({ message: this.texts.textLost });
    lookAgain(async () => past() || this.showKept());
  }

  /**
   * Shows the try as its own page does, once it is over, under `note`; begins it where it never
   * was. False where nothing can be shown.
   */
  async showKept(note = this.texts.textKept) {
    const { id, controller } = this;
    const { signal } = controller;
    const since = performance.now();
    for (let wait = 250; !signal.aborted; wait = Math.min(wait * 2, 4000)) {
      const all = await keptOf(this.site.page(id), signal);
      const kept = all?.find((one) => one.dataset.tryKept === id);
      if (!kept || this.controller !== controller) return false;
      this.admitted = true;
      if (kept.dataset.state === "waiting") {
        this.begin(id, this.several);
        await this.run(id);
        return true;
      }
      if (kept.dataset.state !== "running" || performance.now() - since > LONGEST) {
        this.insert(kept.innerHTML);
        this.show("error", false);
        this.note(note);
        this.end(kept.dataset.state === "done" ? "done" : "kept", note);
        return true;
      }
      // The site learns of a broken line a moment later.
      await pause(wait, signal);
    }
    return false;
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
