// <button data-copy="#id" data-copied="Copied" data-failed="…">: copies the text of the element, or
// the value of a field. With data-copy-text the text stands in the attribute itself.
const RESTORE_AFTER_MS = 2000;
const timers = new WeakMap();

function textFor(button) {
  if (button.dataset.copyText !== undefined) return button.dataset.copyText;
  const source = document.querySelector(button.dataset.copy);
  if (!source) return null;
  return "value" in source ? source.value : source.textContent;
}

async function write(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused, or not a secure page: try the older way.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (!button) return;
  const text = textFor(button);
  if (text === null) return;
  const done = await write(text);
  const label = button.querySelector("[data-copy-label]") ?? button;
  label.dataset.before ??= label.textContent;
  label.textContent = done ? button.dataset.copied : button.dataset.failed;
  document.querySelector("[data-announce]")?.replaceChildren(label.textContent);
  clearTimeout(timers.get(button));
  timers.set(
    button,
    setTimeout(() => {
      label.textContent = label.dataset.before;
    }, RESTORE_AFTER_MS),
  );
});
