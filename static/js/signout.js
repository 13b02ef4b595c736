// Signing out says what is kept in this browser of drafts that the site does not have (heldtext.js),
// and deletes it where that is wished: form[data-signout="account"] with [data-held-notice], in it
// [data-held-count] (data-one and data-many, with {count}) and a box to tick.
import { allOf, drop } from "./heldtext.js";

const form = document.querySelector("form[data-signout]");
const notice = form.querySelector("[data-held-notice]");
const keys = allOf(form.dataset.signout);
notice.hidden = !keys.length;
const said = notice.querySelector("[data-held-count]");
const sentence = keys.length === 1 ? said.dataset.one : said.dataset.many;
said.textContent = sentence.replace("{count}", String(keys.length));
form.addEventListener("submit", () => {
  if (notice.querySelector("input").checked) for (const key of keys) drop(key);
});
