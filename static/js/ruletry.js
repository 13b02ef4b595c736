// Tries a constraint's rule on outputs that are there, beside the rule, without saving.
//
// In a row: button[data-rule-try] and [data-rule-tested], where the site's finding is put; the box
// [data-rows] says data-trying and data-not-tried. A finding goes as soon as its rule changes.
async function find(button) {
  const row = button.closest("[data-row]");
  const shown = row.querySelector("[data-rule-tested]");
  const texts = row.closest("[data-rows]").dataset;
  const data = new FormData(button.form);
  data.append(button.name, button.value);
  const asked = document.createTextNode(texts.trying);
  shown.replaceChildren(asked);
  button.disabled = true;
  try {
    const response = await fetch(button.form.action, {
      method: "POST",
      body: data,
      headers: { Accept: "text/html", "HX-Request": "true" },
      redirect: "manual",
    });
    if (!response.ok) throw new Error(String(response.status));
    const html = await response.text();
    // What was found of a rule that has changed meanwhile is no answer any more.
    if (asked.isConnected) shown.innerHTML = html;
  } catch {
    if (asked.isConnected) shown.textContent = texts.notTried;
  } finally {
    button.disabled = false;
    if (document.activeElement === document.body) button.focus({ preventScroll: true });
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-rule-try]");
  if (!button) return;
  event.preventDefault();
  find(button);
});

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const part = event.target.closest(".rule__choice, .rule__fields");
    part?.closest("[data-row]").querySelector("[data-rule-tested]")?.replaceChildren();
  });
}
