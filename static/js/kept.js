// What is kept of a try, on the site and in this tab's history: for a page whose connection broke,
// that was loaded again, or that its visitor comes back to. Nothing here ever begins a try.

/** Waits; not on when `signal` aborts. */
export const pause = (ms, signal) =>
  new Promise((go) => {
    setTimeout(go, ms);
    signal?.addEventListener("abort", go, { once: true });
  });

/**
 * The columns that a try's own page shows, as its [data-try-kept] elements; none where nothing is
 * kept, null without a connection.
 */
export async function keptOf(address, signal) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal });
    if (response.status >= 500) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return response.ok ? [...page.querySelectorAll("[data-try-kept]")] : [];
  } catch {
    return null;
  }
}

/** Calls `look` again, for a minute and whenever the connection is back, until it says true. */
export async function lookAgain(look) {
  for (const seconds of [1, 2, 4, 8, 16, 32]) {
    const back = new AbortController();
    addEventListener("online", () => back.abort(), { once: true, signal: back.signal });
    await pause(seconds * 1000, back.signal);
    back.abort();
    if (await look()) return;
  }
  const later = async () => {
    if (await look()) removeEventListener("online", later);
  };
  addEventListener("online", later);
}

const fields = (form) => [...form.elements].filter(({ name, type }) => name && type !== "hidden");

/** Notes what is filled in, and what was run of it, in this page's place in the history. */
export function remember(form, run) {
  const data = new FormData(form);
  const names = new Set(fields(form).map(({ name }) => name));
  const values = [...names].map((name) => [name, data.getAll(name)]);
  history.replaceState({ ...history.state, values, run }, "");
}

/** Fills the form in again; returns what was run of it, if anything was. */
export function recall(form) {
  const { values = [], run = null } = history.state ?? {};
  const found = new Map(values);
  for (const field of fields(form)) {
    const given = found.get(field.name);
    if (!given) continue;
    const offered = field.options && [...field.options].map(({ value }) => value);
    if (field.type === "radio" || field.type === "checkbox") {
      field.checked = given.includes(field.value);
    } else if (!offered || offered.includes(given[0])) {
      field.value = given[0] ?? "";
    }
  }
  return run;
}
