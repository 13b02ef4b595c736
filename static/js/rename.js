// Gives a variable another name everywhere at once: in the messages, the context, the constraints
// and their rules, and, once the draft is saved, in the test cases.
//
// In a row of [data-variables] (see variables.js): [data-rename] with an input and button[name=rename].
// The box holds the sentences: data-not-a-name, data-name-taken, data-renamed-said with {name}. What
// was renamed is noted for the site in the form's field `renames`, as JSON [[old, new], …].
// Without this script the button sends the form, and the site does the same.
import { isName, spotsOf } from "./names.js";

const WHERE = `#messages textarea, [name="context"],
  [data-rows="constraints"] :is(textarea, input[type="text"], input[name$="-foreign"])`;

/** As if it was typed, where that can be: then Ctrl+Z takes it back. */
function type(field, [start, end], text) {
  if (field.type !== "hidden" && field.offsetParent) {
    field.focus({ preventScroll: true });
    field.setSelectionRange(start, end);
    if (document.execCommand("insertText", false, text)) return;
  }
  field.value = field.value.slice(0, start) + text + field.value.slice(end);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function refuse(input, text) {
  const id = `${input.id}_refused`;
  document.getElementById(id)?.remove();
  input.toggleAttribute("aria-invalid", false);
  input.removeAttribute("aria-describedby");
  if (!text) return;
  const said = document.createElement("p");
  said.className = "field__error";
  said.id = id;
  said.textContent = text;
  input.after(said);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", id);
  input.focus();
}

function rename(part) {
  const row = part.closest("[data-row]");
  const box = row.closest("[data-variables]");
  const input = part.querySelector("input");
  const holder = row.querySelector(`[name$="-name"]`);
  const [old, wish] = [holder.value, input.value.trim().normalize("NFC")];
  const others = [...box.querySelectorAll("[data-row]:not(.is-removed)")].filter((one) => one !== row);
  const taken = others.some((one) => one.querySelector("[data-variable-name]").textContent === wish);
  const sentence = !isName(wish) ? box.dataset.notAName : taken ? box.dataset.nameTaken : "";
  refuse(input, sentence.replace("{name}", wish));
  if (sentence) return;

  // The row first: it must not look unused while the texts change.
  holder.value = wish;
  for (const shown of row.querySelectorAll("[data-variable-name]")) shown.textContent = wish;
  const form = box.closest("form");
  const noted = form.elements.namedItem("renames");
  noted.value = JSON.stringify([...JSON.parse(noted.value || "[]"), [old, wish]]);
  for (const field of form.querySelectorAll(WHERE)) {
    for (const spot of spotsOf(field.value, old).reverse()) type(field, spot, wish);
  }
  input.value = "";
  part.open = false;
  part.querySelector("summary").focus({ preventScroll: true });
  row.dispatchEvent(new CustomEvent("rows:changed", { bubbles: true }));
  const said = box.dataset.renamedSaid.replace("{name}", wish);
  document.querySelector("[data-announce]")?.replaceChildren(said);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-rename] button");
  if (!button) return;
  event.preventDefault();
  rename(button.closest("[data-rename]"));
});

document.addEventListener("keydown", (event) => {
  const part = event.target.closest?.("[data-rename]");
  if (!part || event.target.tagName !== "INPUT" || event.isComposing) return;
  if (event.key === "Enter") rename(part);
  else if (event.key === "Escape") part.open = false;
  else return;
  event.preventDefault();
  if (event.key === "Escape") part.querySelector("summary").focus();
});

document.addEventListener("toggle", (event) => {
  if (event.target.matches("[data-rename][open]")) event.target.querySelector("input").focus();
}, true);
