// Marks the {{ variables }} in the text areas of [data-marks] while they are typed.
//
// The text area stays an ordinary one: what is marked lies behind it, a copy of its text with the
// letters transparent, hidden from screen readers. The copy also gives the text area its height, so
// that neither ever scrolls on its own and both stay in line.
import { TOKEN } from "./names.js";

const copies = new WeakMap();

function draw(field) {
  const parts = [];
  let end = 0;
  for (const match of field.value.matchAll(TOKEN)) {
    if (!match[1]) continue;
    const mark = document.createElement("mark");
    mark.textContent = match[0];
    parts.push(field.value.slice(end, match.index), mark);
    end = match.index + match[0].length;
  }
  // A line that is still empty has a height, too.
  parts.push(`${field.value.slice(end)}\n`);
  copies.get(field).replaceChildren(...parts);
}

function setUp(field) {
  if (copies.has(field)) return;
  const copy = document.createElement("div");
  copy.className = "marked__copy mono";
  copy.setAttribute("aria-hidden", "true");
  const box = document.createElement("div");
  box.className = "marked";
  // Whoever types while the page still comes up goes on typing: what moves loses the focus.
  const { selectionStart, selectionEnd } = field;
  const focused = document.activeElement === field;
  field.before(box);
  box.append(copy, field);
  if (focused) {
    field.focus({ preventScroll: true });
    field.setSelectionRange(selectionStart, selectionEnd);
  }
  copies.set(field, copy);
  draw(field);
}

for (const part of document.querySelectorAll("[data-marks]")) {
  const look = () => part.querySelectorAll("textarea").forEach(setUp);
  part.addEventListener("rows:changed", look);
  part.addEventListener("input", (event) => copies.has(event.target) && draw(event.target));
  look();
}
