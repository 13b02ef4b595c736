// Reports a visit of a share link: once the page has been visible for two seconds in all, then the
// first interaction, or five seconds, and entries that stayed in view for a second.
//
// <meta name="visit-nonce" content="signed by the server" data-url="where to report">; without it
// nothing is counted. Sections of entries carry data-entry="<slug>". A page that is prefetched runs
// no scripts; one that is prerendered is not visible until it is shown.
const OPENED_AFTER_MS = 2000;
const STAYED_AFTER_MS = 5000;
const IN_VIEW_MS = 1000;
// What a person does to click, type or scroll; a browser that goes to a #place scrolls by itself.
const INTERACTIONS = ["pointerdown", "keydown", "wheel", "touchmove"];

const meta = document.querySelector("meta[name='visit-nonce']");

function report(events, entries = []) {
  const body = new URLSearchParams({ nonce: meta.content });
  for (const event of events) body.append("event", event);
  for (const entry of entries) body.append("entry", entry);
  navigator.sendBeacon(meta.dataset.url, body);
}

/** Calls each `then` once, after its share of time in which the page was visible. */
class VisibleTime {
  waiting = new Set();

  constructor() {
    document.addEventListener("visibilitychange", () => this.turn());
    document.addEventListener("prerenderingchange", () => this.turn());
  }

  get isVisible() {
    return document.visibilityState === "visible" && !document.prerendering;
  }

  after(milliseconds, then) {
    const wait = { left: milliseconds, then, timer: null, since: 0 };
    this.waiting.add(wait);
    if (this.isVisible) this.start(wait);
    return wait;
  }

  start(wait) {
    wait.since = performance.now();
    wait.timer = setTimeout(() => {
      this.waiting.delete(wait);
      wait.then();
    }, wait.left);
  }

  cancel(wait) {
    clearTimeout(wait.timer);
    this.waiting.delete(wait);
  }

  turn() {
    for (const wait of this.waiting) {
      if (this.isVisible) {
        if (wait.timer === null) this.start(wait);
      } else if (wait.timer !== null) {
        clearTimeout(wait.timer);
        wait.timer = null;
        wait.left -= performance.now() - wait.since;
      }
    }
  }
}

function watch() {
  const time = new VisibleTime();
  const seen = new Set();
  let opened = false;
  let interacted = false;

  const interact = () => {
    if (interacted) return;
    interacted = true;
    for (const name of INTERACTIONS) removeEventListener(name, interact, true);
    // Earlier it waits: whoever clicks and leaves at once has not opened the page.
    if (opened) report(["interact"]);
  };
  const see = (entry) => {
    if (seen.has(entry)) return;
    seen.add(entry);
    if (opened) report(["entry"], [entry]);
  };

  time.after(OPENED_AFTER_MS, () => {
    opened = true;
    report(["open", ...(interacted ? ["interact"] : []), ...(seen.size ? ["entry"] : [])], seen);
  });
  time.after(STAYED_AFTER_MS, interact);
  for (const name of INTERACTIONS) {
    addEventListener(name, interact, { capture: true, passive: true });
  }

  // In view is what reaches into the middle half of the window, however long it is.
  const waits = new Map();
  const observer = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        const wait = waits.get(target);
        if (wait) time.cancel(wait);
        waits.delete(target);
        if (isIntersecting) {
          waits.set(target, time.after(IN_VIEW_MS, () => see(target.dataset.entry)));
        }
      }
    },
    { rootMargin: "-25% 0px" },
  );
  for (const section of document.querySelectorAll("[data-entry]")) observer.observe(section);
}

if (meta && !navigator.globalPrivacyControl && navigator.doNotTrack !== "1") watch();
