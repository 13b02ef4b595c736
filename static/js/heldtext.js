// Text of drafts that the site does not have yet, kept in this browser: what is typed offline, signed
// out, or in the moment before a save survives a closed tab. One record for each open page, named
// after the account and the entry, so that nobody else's text is ever offered, nor that of a page
// which is still open. Whoever can open this browser's storage can read it: pages say so.
import { newId } from "./tryform.js";

const START = "draft:";
const ROW = /^(messages|variables|constraints)-(\d+)-(\w+)$/;
const NOT_TEXT = /TOTAL_FORMS$|MAX_NUM_FORMS$|^(csrfmiddlewaretoken|revision|renames|case|run_id|run_model)$/;

const own = (account) => `${START}${account}:`;

function keys(start) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(start));
  } catch {
    return [];
  }
}

function read(key) {
  try {
    const record = JSON.parse(localStorage.getItem(key));
    return Array.isArray(record?.fields) ? { ...record, key } : null;
  } catch {
    return null;
  }
}

export function drop(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Storage that is refused holds nothing.
  }
}

/** What fields come to, however their rows are numbered and in whatever way they were sent. */
export function meaning(fields) {
  const rows = new Map();
  const once = [];
  for (const [name, value] of fields) {
    if (NOT_TEXT.test(name) || typeof value !== "string") continue;
    const text = value.replaceAll("\r\n", "\n").trim().normalize("NFC");
    const [, prefix, number, field] = name.match(ROW) ?? [];
    if (!prefix) {
      once.push([name, text]);
      continue;
    }
    const place = `${prefix}-${number}`;
    if (!rows.has(place)) rows.set(place, { prefix, order: Number(number), fields: {} });
    const row = rows.get(place);
    if (field === "ORDER") row.order = Number(text);
    else if (field === "DELETE") row.removed = true;
    else if (field !== "new_name" && text) row.fields[field] = text;
  }
  const kept = [...rows.values()].filter((row) => !row.removed && Object.keys(row.fields).length);
  // Variables follow the names in the messages, in whatever order their rows stand.
  const order = (row) => (row.prefix === "variables" ? row.fields.name : row.order);
  kept.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const of = (prefix) =>
    kept
      .filter((row) => row.prefix === prefix)
      .map((row) => Object.entries(row.fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  const parts = ["messages", "variables", "constraints"].map(of);
  return JSON.stringify([once.sort(([a], [b]) => (a < b ? -1 : 1)), ...parts]);
}

/** The records of an entry that no open page is still writing, newest first; `gone`: one whose page
 *  this one replaced, even where the browser has not let go of it yet. */
export async function left(account, entry, gone) {
  const locks = (await navigator.locks?.query())?.held ?? [];
  const live = new Set(locks.map(({ name }) => name));
  live.delete(gone);
  return keys(`${own(account)}${entry}:`)
    .filter((key) => !live.has(key))
    .map(read)
    .filter(Boolean)
    .sort((a, b) => b.at - a.at);
}

/** The keys of everything that is kept here for an account. */
export const allOf = (account) => keys(own(account));

/** Whether a key is that of a record of the entry. */
export const isOf = (account, entry, key) => key?.startsWith(`${own(account)}${entry}:`) ?? false;

/** The record of this page. */
export class Held {
  constructor(account, entry, key = null) {
    this.key = key ?? `${own(account)}${entry}:${newId()}`;
    // While this page is open no other one offers its record.
    navigator.locks?.request(this.key, () => new Promise(() => {}));
  }

  /** Keeps fields; returns whether this browser did. */
  keep(fields, revision) {
    const texts = fields.filter(([name, value]) => {
      return typeof value === "string" && !/^(csrfmiddlewaretoken|run_id|run_model|case)$/.test(name);
    });
    try {
      localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), revision, fields: texts }));
      return true;
    } catch {
      return false;
    }
  }

  drop() {
    drop(this.key);
  }
}
