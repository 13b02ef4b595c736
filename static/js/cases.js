// Choosing a test case fills the form, and choosing none empties it. Without scripts the same links
// load the page with ?case=.
//
// form[data-cases="id of a json_script block"][data-values-prefix="…"]; the block holds
// {"<case id>": {name: text}}, under "" what the form holds of itself; links are
// a[data-case="<case id>"]. The one whose values stand in the form is marked.
const form = document.querySelector("form[data-cases]");
const cases = JSON.parse(document.getElementById(form.dataset.cases).textContent);
const links = [...document.querySelectorAll("a[data-case]")];
const field = (name) => form.elements.namedItem(form.dataset.valuesPrefix + name);
const plain = (text) => text.replace(/\r\n?/g, "\n");

function stands(values) {
  return Object.entries(values).every(([name, value]) => {
    const own = field(name);
    return !own || plain(own.value) === plain(value);
  });
}

// A text that was changed is no example any more, and one that was written again is.
function mark() {
  const chosen =
    links.find((link) => link.dataset.case && stands(cases[link.dataset.case])) ??
    links.find((link) => !link.dataset.case);
  for (const link of links) {
    if (link === chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

links.forEach((link) => {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    const chosen = cases[link.dataset.case];
    if (!chosen) return;
    event.preventDefault();
    for (const [name, value] of Object.entries(chosen)) {
      const own = field(name);
      if (own) own.value = value;
      if (own?.selectedIndex === -1) own.selectedIndex = 0;
    }
    const hidden = form.elements.namedItem("case");
    if (hidden) hidden.value = link.dataset.case;
    history.replaceState(history.state, "", link.href);
    form.dispatchEvent(new Event("change"));
    // Who wants to write begins to.
    if (!link.dataset.case) form.querySelector("[data-try-fields] :is(textarea, input, select)")?.focus();
  });
});

if (links.length) {
  for (const name of ["input", "change"]) form.addEventListener(name, mark);
  addEventListener("pageshow", mark);
}
